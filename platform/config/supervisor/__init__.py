"""The supervisor: keeps this machine's clusters at work, and puts right what lost workers leave behind.

It exists because django-q2 cannot look after itself: a killed idle worker takes a lock with it and the cluster never
runs again, a killed sentinel leaves orphans that go on, a killed monitor is followed by one that waits for ever.
"""
