"""What a clinician and a patient can do with a case, whoever asks: page, API or worker; every verb is audited here."""
