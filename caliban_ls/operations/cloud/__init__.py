"""Submit to Google: plan, show the plan, check limits, push the image, send, resume, submit again.

Must not know any one service; `runtime.backends` does.
"""
