"""The mini-program server calls of api.weixin.qq.com."""
