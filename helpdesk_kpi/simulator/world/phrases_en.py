# ruff: noqa: E501  # sentences are easier to read whole
"""Phrases of the English desk."""

from helpdesk_kpi.simulator.world.phrases import Topic, Words

_BILLING = Topic(
    "Billing",
    (
        (
            "Charged twice this month",
            "We were charged twice for our subscription this month. Both charges show on the card.",
        ),
        (
            "Invoice shows the wrong address",
            "Our company has moved and the last invoice still carries the old address. We need a corrected one.",
        ),
        (
            "How do I change the payment method?",
            "Our credit card expires at the end of the month. Where can I enter the new one?",
        ),
        (
            "VAT number missing on invoice",
            "The invoice of last month lacks our VAT number, so our accountant has sent it back to us.",
        ),
        (
            "Refund for unused seats",
            "We removed four seats in the middle of the period and were billed for the full number.",
        ),
    ),
    (
        (
            "I have refunded the second charge. It takes three to five working days until it shows on your statement, and the "
            "next invoice will be for a single subscription again."
        ),
        (
            "The address is corrected now and a new copy of the invoice is on its way to the billing contact. Every later "
            "invoice will carry the new address as well."
        ),
        (
            "You can change the payment method under Settings, Billing, Payment. The new card is charged from the next period "
            "on, and the old one can be removed there too."
        ),
    ),
    (
        "Changing the billing address and payment method",
        "Open Settings, Billing. Choose Payment to replace a card, or Address to change what invoices show.",
    ),
)
_LOGIN = Topic(
    "Login",
    (
        (
            "Cannot log in since this morning",
            "Since this morning my password is refused, although I have not changed it.",
        ),
        (
            "Password reset mail does not arrive",
            "I asked for a password reset three times. No mail arrives, and the spam folder is empty.",
        ),
        (
            "Locked out after enabling two-factor",
            "I switched on two-factor authentication and got a new phone. Now I cannot get in any more.",
        ),
        ("Single sign-on loops", "With single sign-on the browser goes back and forth between the two pages for ever."),
    ),
    (
        (
            "I have unlocked your account and sent a fresh link to your address. It is good for one hour, and afterwards you "
            "can choose a new password yourself on the same page."
        ),
        (
            "Your mail server had refused our messages, so our system stopped sending them. I have cleared that block, and a "
            "new reset mail has just been delivered to you."
        ),
        (
            "Please sign in with one of the recovery codes from your account page, then register the new phone under Security. "
            "The old phone is removed from the account at the same time."
        ),
    ),
    (
        "Signing in with two-factor authentication",
        "Keep your recovery codes. To register a new phone open Security, Two-factor, and scan the code once more.",
    ),
)
_EXPORT = Topic(
    "Export",
    (
        (
            "CSV export stops at 10,000 rows",
            "Our monthly export stops at 10,000 rows. Until March it gave us everything.",
        ),
        ("Export has broken umlauts", "In the exported file all umlauts are broken when it is opened in Excel."),
        ("Scheduled export did not run", "The export that is scheduled for Monday morning did not arrive this week."),
        ("Export lacks the custom columns", "Two of our custom columns are empty in the export, but filled on screen."),
    ),
    (
        (
            "Exports of more than 10,000 rows now come in several files. I have switched your account to the compressed form, "
            "which puts everything into one archive again."
        ),
        (
            "Please choose UTF-8 with BOM in the export dialogue: Excel then recognises the characters. I have also made that "
            "the default for every user of your account."
        ),
        (
            "The schedule was paused since its owner had left your organisation. I have handed it over to you, and the export "
            "of this week has just been sent to your address."
        ),
    ),
    ("Exporting large tables", "Exports above 10,000 rows are split. Choose Archive in the dialogue to get one file."),
)
_API = Topic(
    "API",
    (
        ("API answers ERR-429 all the time", "Our nightly job gets ERR-429 from the API after a few hundred requests."),
        ("Webhook is called twice", "Every webhook reaches our server twice, about two seconds apart."),
        ("Token has stopped working", "The token of our integration is refused with HTTP 401 since yesterday evening."),
        (
            "Which scope do I need for contacts?",
            "We want to read contacts only. Which scope does the token need for that?",
        ),
    ),
    (
        (
            "The limit counts requests per minute over all your tokens. If the job asks for 100 records at a time it needs "
            "only a tenth of the requests, and it will stay well below the limit."
        ),
        (
            "Your server answers after six seconds, and we repeat a call that takes longer than five. I have raised the limit "
            "to fifteen seconds for your account, so the second call no longer happens."
        ),
        (
            "That token belonged to a user who has been deactivated. Please create a new one under an account for your "
            "integration, with the scope that you need, so that it outlives changes in the team."
        ),
    ),
    ("Limits and tokens of the API", "Ask for up to 100 records at a time. Wait as long as Retry-After says."),
)
_INSTALL = Topic(
    "Installation",
    (
        (
            "Installer fails with error 1603",
            "The installer stops with error 1603 on Windows Server 2022 at 80 per cent.",
        ),
        (
            "Agent does not start after update",
            "After the update to 5.2 the background service does not start any more.",
        ),
        (
            "Can we install without internet access?",
            "Our machines have no internet access. Is there an offline installer?",
        ),
    ),
    (
        (
            "Error 1603 means that an older service was still running. Please stop it, delete the folder of the old version "
            "and start the installer again; your settings are kept in another place."
        ),
        (
            "The service needs the new runtime, which the update does not bring by itself. The full installer of 5.2 contains "
            "it, and running that over the existing installation repairs the service."
        ),
        (
            "There is an offline package on the download page, under the link for all versions. It contains everything that "
            "the installation needs, and its checksum is printed beside it."
        ),
    ),
    (
        "Installing without internet access",
        "Fetch the offline package, verify its checksum and run it as administrator.",
    ),
)
_PERFORMANCE = Topic(
    "Performance",
    (
        ("Dashboard takes a minute to load", "The dashboard takes about a minute to load for everybody in our office."),
        ("Search is very slow", "Searching for a customer has become very slow, it takes 20 seconds and more."),
        ("Sync is hours behind", "The synchronisation with our shop is several hours behind since the weekend."),
    ),
    (
        (
            "One of your widgets read three years of data on every load. I have limited it to twelve months; the page now "
            "opens within two seconds, and the longer view is still there on demand."
        ),
        (
            "Your search index was damaged and is rebuilt now. Searches have been answered in less than a second since then, "
            "and a check for this kind of damage runs every night from today."
        ),
        (
            "A backlog had formed in your queue after the maintenance on Saturday. It has been worked off, and the "
            "synchronisation has been running without any delay for one hour."
        ),
    ),
    ("Making dashboards faster", "Limit each widget to the period that you need, and avoid more than ten on one page."),
)

WORDS = Words(
    topics={
        "billing": _BILLING,
        "login": _LOGIN,
        "export": _EXPORT,
        "api": _API,
        "install": _INSTALL,
        "performance": _PERFORMANCE,
    },
    teams=("First Line", "Technical", "Billing"),
    brands=("Northwind Cloud", "Northwind Classic"),
    forms=("Support request", "Billing request"),
    agents=(
        ("Ann Keller", "ann"),
        ("Ben Okafor", "ben"),
        ("Carla Ruiz", "carla"),
        ("David Lang", "david"),
        ("Elif Yilmaz", "elif"),
        ("Farid Haddad", "farid"),
        ("Greta Holm", "greta"),
        ("Hugo Martin", "hugo"),
        ("Ines Costa", "ines"),
        ("Jonas Weber", "jonas"),
    ),
    bot="Northwind Bot",
    light_agent="Karl Brandt",
    form_app="Contact form",
    given=(
        "Alice",
        "Bruno",
        "Chloe",
        "Dmitri",
        "Emma",
        "Felix",
        "Grace",
        "Henrik",
        "Isabel",
        "Jack",
        "Katrin",
        "Liam",
        "Maria",
        "Nils",
        "Olivia",
        "Pavel",
        "Quentin",
        "Rosa",
        "Samir",
        "Tara",
        "Ugo",
        "Vera",
        "Walter",
        "Yasmin",
    ),
    family=(
        "Adler",
        "Berg",
        "Clarke",
        "Dubois",
        "Evans",
        "Fischer",
        "Garcia",
        "Hansen",
        "Ivanov",
        "Jones",
        "Koch",
        "Lopez",
        "Moreau",
        "Novak",
        "O'Neill",
        "Peters",
        "Rossi",
        "Schmidt",
        "Taylor",
        "Vogel",
        "Wagner",
        "Zhou",
    ),
    mailboxes=(),
    organizations=(
        ("Baker & Sons", "bakersons.example"),
        ("Cobalt Logistics", "cobalt-logistics.example"),
        ("Delphi Dental", "delphi-dental.example"),
        ("Elbe Shipping", "elbe-shipping.example"),
        ("Fern Hotels", "fernhotels.example"),
        ("Gamma Print", "gammaprint.example"),
        ("Harbour Foods", "harbourfoods.example"),
        ("Iris Optics", "irisoptics.example"),
    ),
    long_name=("Maximiliane Theodora von und zu Hohenstein-Altenburg " * 4)[:200],
    family_first=False,
    auto_reply="Hello, we have received your request and will get back to you as soon as we can. You can add details by "
    "replying to this message.",
    holding=("We are looking into it.", "I am checking this for you.", "One moment, I will have a look."),
    asks=(
        (
            "To look into this I need a little more: could you please send me a screenshot of the whole window and the exact "
            "time when it happened last?"
        ),
        (
            "I cannot reproduce this in my account yet. Which browser do you use, and does it happen in a private window too, "
            "with all extensions switched off?"
        ),
        (
            "Does this concern all users of your organisation, or only some of them? A list of two or three affected users "
            "would help me to find the cause in our logs."
        ),
    ),
    closing=(
        (
            "As there is nothing left to do on our side I am setting this request to solved now. If anything else comes up you "
            "can simply reply to this message and it opens again."
        ),
    ),
    answers=(
        "Here is the screenshot. It happened today at 10:15.",
        "It is Firefox, and it happens in a private window too.",
        "All users of our office see it, for example the two accounts that I have put in copy.",
        "I have tried it on another machine as well, with the same result.",
    ),
    chasers=(
        "One more detail: the colleagues in our other office see the same.",
        "I forgot to say that this blocks our work of today.",
        "Is there any news on this?",
        "Do you need anything else from us?",
    ),
    questions=(
        "Where do I find that setting?",
        "Does this also work for the second account?",
        "How long will it take until it is visible?",
    ),
    thanks=(
        "Thanks, that solved it!",
        "Thank you very much!",
        "Perfect, thank you for your help!",
        "Great, many thanks!",
        "Thanks a lot, it works now.",
    ),
    not_fixed=(
        "It still does not work.",
        "Unfortunately the problem is back.",
        "I have tried it, and the same error appears again.",
        "This did not help, nothing has changed on our side.",
    ),
    notes=(
        "Looks like the same cause as last week, see the log of the worker.",
        "Asked the customer's account manager; they are on the old plan.",
        "Reproduced on the test account.",
    ),
    on_hold=(
        (
            "The cause is found, and the correction is part of the release of next week. I am keeping this request open until "
            "then and will write to you as soon as it is installed."
        ),
        (
            "Our developers are looking into this now. As soon as they have found the cause I will tell you how long the "
            "correction is going to take, at the latest in two days."
        ),
    ),
    transfer=(
        "Needs someone who knows the API.",
        "Billing question, please take over.",
        "Beyond what we can see here.",
    ),
    again=("It has happened again, exactly as before.", "The same problem as the other day is back again today."),
    merged_away="This request was closed and merged into request #{other}, where we will answer you. All that you have "
    "written here has been copied there, so you need not write it again.",
    merged_here="Request #{other} was closed and merged into this request.",
    call="Inbound call from {name}: {subject}",
    missed_call="Missed call from {name}",
    voicemail="Voicemail from {name}: {subject}",
    chat="Conversation with {name}",
    read_more="This is also described here:",
    outbound=(
        ("Maintenance on Saturday", "On Saturday between 6:00 and 8:00 your service will be moved to new machines."),
        ("Your yearly review", "We would like to look at your usage of the last year together with you."),
        ("Old API version ends", "You still use version 1 of the API, which will be switched off in three months."),
    ),
    internal=(
        ("New laptop for the support desk", "Our second screen is broken. Please order a new one."),
        ("Access to the staging system", "I need access to the staging system to reproduce a customer's problem."),
        ("Question on the rota", "Who is on call during the holidays?"),
    ),
    test=("Test ticket, please ignore", "Testing the new form."),
    spam=(
        ("Rank first on search engines", "We offer cheap links to your site. Answer within 24 hours."),
        ("Congratulations, you have won", "Your prize is waiting for you. Send us your details."),
    ),
    outage=("Service not reachable", "The service has not been reachable for us for several minutes."),
    good=("Fast and friendly.", "Solved at once, well explained.", "Very competent."),
    bad=("It took far too long.", "The answer did not help me.", "I had to explain everything three times."),
    survey_questions={
        "overall": "How satisfied are you with our service?",
        "expertise": "How well did we know what we were doing?",
        "attitude": "How pleasant was the conversation?",
    },
    signature="\n\n--\n{name}\n{organization}",
    quoted="\n\nOn Mon, Jun 1, 2026 at 10:00 AM Northwind Support <support@northwind.example> wrote:\n"
    "> Please let us know whether this answers your question.\n> Your Northwind team",
    late_schedule="Late desk",
    schedule="Office hours",
    zone=("Europe/Berlin", "Berlin"),
    help_centre_locale="en-us",
    domain="northwind.example",
    spammer="Promo {number}",
    old_team="Night shift",
    category="Category",
    sla="Standard",
    statuses={"new": "New", "open": "Open", "pending": "Pending", "hold": "On-hold", "solved": "Solved"},
)
