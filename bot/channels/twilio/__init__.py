"""SMS through Twilio: signed webhooks in, TwiML answers and the message resource out."""
