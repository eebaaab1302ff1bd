"""WeChat message push."""
