"""An SMS service in Tencent Cloud's form, as a process for development and tests. See README.md."""
