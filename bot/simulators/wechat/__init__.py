"""A stand-in for WeChat on this machine: it speaks the real endpoints, pushes signed and encrypted messages, and shows a phone.

`python -m bot.simulators.wechat --port 8001 --target http://127.0.0.1:8000`. It is our own reading of the documentation; signing
and encryption are written a second time here, on `cryptography` alone, and both sides are proven with published vectors.
"""
