async def test_signing_in_shows_the_functions(site):
    await site.create("function handler() return 'x' end", name="quotes")

    await site.sign_in("/functions")

    await site.page.get_by_role("link", name="quotes").wait_for()
    await site.picture("functions-light")
