# Reads the evidence: the log, receipts, status. No secrets.
path "stillvault/org/log"     { capabilities = ["read", "list"] }
path "stillvault/receipts/*"  { capabilities = ["read", "list"] }
path "stillvault/requests/*"  { capabilities = ["read", "list"] }
path "stillvault/alarms/*"    { capabilities = ["read", "list"] }
path "stillvault/reports/*"   { capabilities = ["read", "list"] }
path "stillvault/reshares/*"  { capabilities = ["read", "list"] }
path "stillvault/status"      { capabilities = ["read"] }
path "stillvault/mount"       { capabilities = ["read"] }
path "stillvault/metadata/*"  { capabilities = ["read", "list"] }
path "stillvault/approvers/*" { capabilities = ["read", "list"] }
path "stillvault/groups/*"    { capabilities = ["read", "list"] }
path "stillvault/policies/*"  { capabilities = ["read", "list"] }
path "stillvault/consumers/*" { capabilities = ["read", "list"] }
