"""`python -m helpdesk_kpi` is `helpdesk-kpi`."""

from helpdesk_kpi.cli import main

main()
