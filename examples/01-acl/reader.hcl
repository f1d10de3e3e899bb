# Asks for secrets under prod/. Whether they are released is for the approvers.
path "stillvault/secret/prod/*"   { capabilities = ["read"] }
path "stillvault/sealed/prod/*"   { capabilities = ["read"] }
path "stillvault/release/prod/*"  { capabilities = ["update"] }
path "stillvault/metadata/prod/*" { capabilities = ["read", "list"] }
path "stillvault/requests/*"      { capabilities = ["read", "list", "delete"] }
path "stillvault/org/log"         { capabilities = ["read"] }
path "stillvault/mount"           { capabilities = ["read"] }
