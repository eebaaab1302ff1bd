"""Published content: versions, three-step review, media with transcripts."""
