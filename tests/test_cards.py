import sites

from dlbook.claims import CARD


def test_the_cards_of_a_page_share_a_style_that_is_linked_and_is_theirs(good):
    page = sites.page(good, "chapters/zeta")
    assert page.select(".claim")
    assert not page.article.select("style")
    (link,) = [link for link in page("link") if "claim.css" in link["href"]]
    style = (good / "_static" / "claim.css").read_text("utf-8")
    assert link["href"].startswith("../_static/claim.css")
    assert f"<style>{style}</style>" in CARD.template


def test_apart_from_the_style_a_card_is_as_dlbook_made_it(good):
    card = sites.page(good, "chapters/zeta").select_one(".claim")
    assert card.name == "div"
    assert [child.name for child in card.children][:2] == ["p", "dl"]
    assert card["role"] == "group"
