def test_a_change_in_a_part_writes_every_page_anew_and_nothing_else_does(sites_built):
    again, idle, changed = (sites_built / name for name in ("again", "idle", "changed"))
    for page in ("mathematics.html", "exercises.html", "chapters/zeta.html"):
        times = [(site / page).stat().st_mtime_ns for site in (again, idle, changed)]
        assert times[0] == times[1] < times[2]
