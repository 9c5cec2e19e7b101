def handler(ctx, event):
    return ""
