import json


def test_a_strict_build_ends_well_unless_there_is_something_to_complain_of(sites_built, bad):
    statuses = json.loads((sites_built.parent / "statuses.json").read_text())
    assert {name for name, status in statuses.items() if status} == {"bad"}
    logs = [log for log in sites_built.parent.glob("*.log") if log.name != "bad.log"]
    assert [log.read_text("utf-8") for log in logs] == [""] * 5
    assert len(bad) == 18  # each is the subject of a test


def test_a_change_in_a_part_writes_every_page_anew_and_nothing_else_does(sites_built):
    again, idle, changed = (sites_built / name for name in ("again", "idle", "changed"))
    for page in ("mathematics.html", "exercises.html", "chapters/zeta.html"):
        times = [(site / page).stat().st_mtime_ns for site in (again, idle, changed)]
        assert times[0] == times[1] < times[2]
