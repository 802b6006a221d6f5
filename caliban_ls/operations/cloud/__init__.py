"""Submit to Google: plan, show the plan, hold it against limits, push the image, send, resume, submit again.

Must not build a request of one service; `runtime.backends` does.
"""
