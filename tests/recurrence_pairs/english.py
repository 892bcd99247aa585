# ruff: noqa: E501  # sentences are easier to read whole
"""Problems as English-speaking customers put them: category -> problems, each told four times as (subject, text).

The problems of one category use the same words. Of the tellings the second is the same person writing again, the third
says it in other words, the fourth is short, spoken, or full of what programs wrote.
"""

Telling = tuple[str, str]

PROBLEMS: dict[str, list[list[Telling]]] = {
    "billing": [
        [
            ("Charged twice this month", "Our credit card was charged twice for the subscription in November. Both charges show on the statement."),
            ("Charged twice again", "The subscription was charged twice on our credit card again, as in November."),
            ("Double payment", "There are two identical charges for our subscription on the card statement. We only have one subscription."),
            ("Two charges", "Customer says on the phone that the credit card was charged two times for one subscription."),
        ],
        [
            ("Invoice shows the old address", "The invoice for October still shows our old company address. We moved in August."),
            ("Old address on the invoice again", "The new invoice carries our old company address again although you corrected it."),
            ("Wrong address", "We moved in summer, but your invoices are still made out to the previous address. Please correct the address."),
            ("address on invoice", "invoice address wrong, still the old one, pls fix"),
        ],
        [
            ("VAT number is missing on the invoice", "The last invoice lacks our VAT number, so our accountant cannot book it."),
            ("VAT number missing again", "Our VAT number is missing on the invoice of this month, too. The accountant sent it back."),
            ("Invoice without VAT ID", "Our accountant refuses the invoice since the VAT number is not printed on it."),
            ("VAT", "Need the invoice with our VAT number on it, it is not there"),
        ],
        [
            ("Refund for removed seats", "We removed four seats in the middle of the month and were still billed for all of them. Please refund the difference."),
            ("Still billed for removed seats", "We are again billed for the four seats that we removed. Please refund them."),
            ("Too many seats on the bill", "The bill counts 24 users while we have only 20 since we removed four seats last month."),
            ("seats", "billed for seats we removed, want the money back"),
        ],
    ],
    "login": [
        [
            ("Password reset mail does not arrive", "I asked for a password reset three times, but no mail arrives. The spam folder is empty."),
            ("Still no password reset mail", "The password reset mail does not arrive again. I looked in the spam folder."),
            ("No mail when I reset my password", "When I click on forgot password nothing is sent to me, neither in the inbox nor in spam."),
            ("reset link", "password reset mail never came, tried 3x, nothing in spam"),
        ],
        [
            ("Locked out after enabling two-factor", "I switched on two-factor authentication and then changed my phone. The codes are refused and I am locked out."),
            ("Two-factor codes refused again", "The two-factor codes of my new phone are refused again and I am locked out."),
            ("New phone, cannot get in", "Since I have a new phone the authenticator shows codes that the login does not accept."),
            ("2FA", "Two-factor code not accepted on new phone, locked out of my account"),
        ],
        [
            ("Single sign-on loops", "With single sign-on the browser goes back and forth between the login page and our identity provider for ever."),
            ("Single sign-on loop is back", "The login loop with single sign-on is back: the browser goes back and forth between the two pages."),
            ("SSO redirects endlessly", "When our people use single sign-on they are redirected between your login page and our identity provider without end."),
            ("SSO", "ERR_TOO_MANY_REDIRECTS on login.example.com after single sign-on with our identity provider"),
        ],
        [
            ("Account locked after wrong passwords", "My account was locked after five wrong passwords. Please unlock it."),
            ("Account locked again", "My account is locked again after wrong passwords, please unlock it once more."),
            ("Please unlock my user", "I mistyped my password too often and now the login says that the account is locked."),
            ("locked", "acct locked, wrong pw too many times, unlock pls"),
        ],
    ],
    "export": [
        [
            ("CSV export stops at 10,000 rows", "Our monthly export of contacts stops at 10,000 rows. Until March it gave us everything."),
            ("Export stops at 10,000 rows again", "The export of contacts stops at 10,000 rows again, we miss about half of them."),
            ("Incomplete contact export", "The CSV file with our contacts has exactly 10,000 rows, but we have more than 18,000 contacts."),
            ("export cut off", "contacts csv cut off after 10000 rows"),
        ],
        [
            ("Export has broken umlauts", "In the exported CSV file all umlauts are broken when it is opened in Excel."),
            ("Umlauts broken again", "The umlauts in the exported CSV are broken again when I open it in Excel."),
            ("Strange characters in Excel", "Names with umlauts turn into strange characters as soon as I open the export in Excel."),
            ("umlauts", "exported file in Excel: Ã¼ and Ã¶ instead of umlauts"),
        ],
        [
            ("Scheduled export did not run", "The export that is scheduled for Monday morning did not arrive this week."),
            ("Monday export missing again", "The scheduled export did not arrive this Monday either."),
            ("We get no scheduled files any more", "Every Monday a scheduled export should be mailed to us. Nothing has come for two weeks."),
            ("schedule", "scheduled export didn't run on Monday, no file in the mail"),
        ],
        [
            ("Custom columns are empty in the export", "Two of our custom columns are empty in the export, although they are filled on the screen."),
            ("Custom columns empty again", "The custom columns are empty again in the export of today."),
            ("Missing fields in the CSV", "The CSV has the headings of our custom columns, but no values below them. In the application the values are there."),
            ("custom fields", "custom columns blank in export, fine on screen"),
        ],
    ],
    "api": [
        [
            ("API token refused", "The API token of our integration is refused with a 401 since yesterday evening."),
            ("API token refused again", "Since tonight the API token of our integration is refused again with a 401."),
            ("Integration cannot sign in", "All calls of our integration end in 401 unauthorized, though nobody changed the token."),
            ("401", 'GET /v2/contacts 401 Unauthorized {"error": "invalid_token"} since yesterday, integration down'),
        ],
        [
            ("Webhook is called twice", "Every webhook for new orders reaches our server twice, about two seconds apart."),
            ("Webhooks twice again", "Again our server gets every webhook for new orders twice."),
            ("Duplicate webhook deliveries", "We receive two webhook calls with the same id for each new order and so create it twice."),
            ("webhooks", "2026-11-20T10:11:12Z POST /hook order.created\n2026-11-20T10:11:14Z POST /hook order.created\nwebhook is delivered twice for every new order"),
        ],
        [
            ("Rate limit reached too early", "Our nightly job gets too many requests after a few hundred calls, though the documentation says 5,000 an hour."),
            ("Rate limit again", "The nightly job hits the rate limit again after a few hundred calls."),
            ("429 in the nightly job", "Since last week our nightly job is told too many requests long before the documented limit."),
            ("rate limit", "429 Too Many Requests after 300 calls in nightly job, limit should be 5000"),
        ],
        [
            ("Which scope for reading contacts?", "We want to read contacts only. Which scope does the API token need for that?"),
            ("Scope for contacts", "You told me once, but which scope does a token need for reading contacts only?"),
            ("Permissions of a token", "How do I restrict an API token so that it can read contacts and nothing else?"),
            ("scopes", "what scope for read only contacts token"),
        ],
    ],
    "app": [
        [
            ("App crashes when I open a chat", "The app on my tablet crashes as soon as I open a chat. I have reinstalled it already."),
            ("App crashes again", "After the update the app crashes again when I open a chat."),
            ("Tablet app closes by itself", "Whenever I tap on a chat the app closes by itself and I am back on the home screen."),
            ("crash", "app crash opening chat, Android 15, java.lang.IllegalStateException: Fragment not attached at ChatActivity.onResume"),
        ],
        [
            ("No push notifications", "The app shows no push notifications for new messages since the update to 5.2."),
            ("Push notifications missing again", "Again I get no push notifications for new messages on my phone."),
            ("I miss new messages", "My phone no longer tells me about new messages; I only see them when I open the app. Notifications are allowed."),
            ("notifications", "no notifications for new msgs on iPhone since update"),
        ],
        [
            ("App drains the battery", "Since the last update the app drains the battery of my phone within half a day."),
            ("Battery drained again", "The app drains the battery again, by noon the phone is empty."),
            ("Phone empty by noon", "According to the battery statistics your app uses 60 % of the battery in the background."),
            ("battery", "app uses lots of battery in background since last update"),
        ],
        [
            ("Photos cannot be attached", "When I attach a photo in the app the upload stays at zero percent."),
            ("Photo upload hangs again", "Attaching a photo hangs again at zero percent in the app."),
            ("Sending pictures does not work", "Pictures that I want to send from the app never leave the phone: the upload does not start."),
            ("photo", "cant attach photos in app, upload stuck at 0%"),
        ],
    ],
    "workplace": [
        [
            ("VPN does not connect", "Since this morning the VPN client shows an error and does not connect from home."),
            ("VPN does not connect again", "The VPN client does not connect from home again, same error as last week."),
            ("Cannot reach the office network", "From home I cannot reach the office network, the VPN client says the connection failed."),
            ("vpn", "vpn down again, client says connection failed, working from home today"),
        ],
        [
            ("Printer prints blank pages", "The printer on the second floor prints blank pages when I print an invoice."),
            ("Blank pages again", "The printer on the second floor prints only blank pages again."),
            ("Nothing on the paper", "Whatever I send to the second floor printer comes out as white paper. The toner is new."),
            ("printer", "2nd floor printer: pages come out blank"),
        ],
        [
            ("Monitor flickers on the dock", "My external monitor flickers when the laptop is on the dock."),
            ("Monitor flickers again", "The external monitor flickers again as soon as I put the laptop on the dock."),
            ("Screen goes black for a second", "With the docking station the second screen goes black for a second every few minutes."),
            ("dock", "external monitor flicker w/ dock, fine w/o"),
        ],
        [
            ("Outlook calendar does not sync", "Meetings from Outlook no longer sync to the calendar on my phone."),
            ("Calendar does not sync again", "My phone's calendar does not sync with Outlook again, today's meetings are missing."),
            ("Meetings missing on my phone", "I only see old meetings on the phone, everything that is new in Outlook is missing there."),
            ("calendar", "phone calendar not syncing with Outlook meetings"),
        ],
    ],
}  # fmt: skip

#: Category -> for each of its problems one that is another, though it is told in nearly the same words.
NEIGHBOURS: dict[str, list[Telling]] = {
    "billing": [
        ("Not charged this month", "Our credit card was not charged for the subscription in November. No charge shows on the statement, will we be cut off?"),
        ("Invoice shows the wrong amount", "The invoice for October shows a wrong amount. It should be the same as in August."),
        ("Purchase order number on the invoice", "The last invoice lacks our purchase order number, so our purchasing cannot release it."),
        ("Add four seats", "We need four more seats from the middle of the month. Please bill us for the difference."),
    ],
    "login": [
        ("Invitation mail does not arrive", "I invited a colleague three times, but the invitation does not reach her. Her spam folder is empty."),
        ("Two-factor for everybody", "I want to switch on two-factor authentication for all users. Can they still change their phones?"),
        ("Set up single sign-on", "We would like to set up single sign-on with our identity provider. Where is the page for that?"),
        ("Account of a colleague who left", "The account of a colleague who left must be closed. Please delete it."),
    ],
    "export": [
        ("Import stops at 10,000 rows", "Our import of products stops at 10,000 rows with an error. Is there a limit?"),
        ("Export has wrong dates", "In the exported CSV file all dates are wrong when it is opened in Excel: day and month are swapped."),
        ("Change the time of the scheduled export", "The export is scheduled for Monday morning. Can it run on Friday evening instead?"),
        ("Rename a custom column", "Two of our custom columns have the wrong name. How can I rename them on the screen?"),
    ],
    "api": [
        ("Create an API token", "We need an API token for a new integration. Who can create one?"),
        ("Webhook for cancelled orders", "Is there a webhook for cancelled orders, as there is for new orders? It should reach our server as well."),
        ("Raise the rate limit", "We will start a new nightly job in May. Can the limit of 5,000 calls an hour be raised for it?"),
        ("Create contacts through the API", "Which fields are required when we create contacts through the API?"),
    ],
    "app": [
        ("App does not install", "The app does not install on my new tablet, the store says that the tablet is not supported."),
        ("Too many push notifications", "The app shows push notifications for every message in every group. How can I mute them?"),
        ("Dark mode", "Since the last update the app is dark. How do I get the light colours back on my phone?"),
        ("Photos are too small", "When I open a photo in the app it is shown very small. Can I zoom in?"),
    ],
    "workplace": [
        ("VPN for a new colleague", "A new colleague starts on Monday and needs the VPN client to work from home."),
        ("Printer is out of toner", "The printer on the second floor is out of toner. Please bring a new one."),
        ("Second monitor", "I would like a second external monitor for my desk, my laptop has a dock."),
        ("Share my Outlook calendar", "How can I share my Outlook calendar with a colleague so that she sees my meetings?"),
    ],
}  # fmt: skip
