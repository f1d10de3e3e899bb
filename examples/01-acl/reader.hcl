# Asks for secrets under prod/. Whether they are released is for the approvers.
path "stillvault/secret/prod/*"   { capabilities = ["read"] }
path "stillvault/sealed/prod/*"   { capabilities = ["read"] }
path "stillvault/release/prod/*"  { capabilities = ["update"] }
path "stillvault/metadata/prod/*" { capabilities = ["read", "list"] }
# A request is named by an id that only its requester was told; the list shows all.
path "stillvault/requests/+"      { capabilities = ["read", "delete"] }
path "stillvault/org/log"         { capabilities = ["read"] }
path "stillvault/mount"           { capabilities = ["read"] }
