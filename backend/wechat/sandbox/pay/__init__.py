"""The WeChat Pay v3 calls of api.mch.weixin.qq.com, for a direct merchant."""
