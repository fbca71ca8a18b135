from book.repairs import mend


def test_an_entry_of_a_list_of_sources_is_an_item_of_a_list():
    context = {"body": '<div role="list"><p role="doc-biblioentry">A</p></div>'}
    mend(None, "bibliography", "page.html", context, None)
    assert context["body"] == '<div role="list"><p role="listitem">A</p></div>'


def test_a_page_without_text_of_its_own_stays_without():
    context = {}
    mend(None, "search", "search.html", context, None)
    assert not context.get("body")
