"""Messages to residents and events that WeChat pushes."""
