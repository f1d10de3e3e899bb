# Writes secrets under prod/ and sees what is stored there, never the values.
path "stillvault/secret/prod/*"   { capabilities = ["create", "update", "delete", "list"] }
path "stillvault/sealed/prod/*"   { capabilities = ["create", "update", "read"] }
path "stillvault/undelete/prod/*" { capabilities = ["update"] }
path "stillvault/destroy/prod/*"  { capabilities = ["update"] }
path "stillvault/metadata/prod/*" { capabilities = ["read", "list"] }
path "stillvault/org/log"         { capabilities = ["read"] }
path "stillvault/mount"           { capabilities = ["read"] }
path "stillvault/policies/*"      { capabilities = ["read", "list"] }
