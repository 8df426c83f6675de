"""Signing in and out in a browser."""

from web_fixtures import csrf


def test_each_client_is_who_it_says(client_for, clinic):
    assert client_for("nobody").get("/patients").status_code == 302
    assert client_for("clinician").get(f"/patients/{clinic.patient}").status_code == 200
    assert client_for("other_clinician").get(f"/patients/{clinic.patient}").status_code == 404
    assert client_for("patient").get("/patients").status_code == 302
    one = client_for("clinician")
    assert one.post("/sign-out", headers=csrf(one)).status_code == 302
    assert one.get("/patients").status_code == 302

