package backend

import "testing"

func TestTheMountShowsItselfBeforeAndAfterItsAdmission(t *testing.T) {
	r := newRig(t)
	m := r.do(read, "mount", nil)
	if m["consumer_id"] != "" || m["organisation"] != "" || m["version"] != Version || m["mount_id"] == "" {
		t.Fatalf("before: %v", m)
	}
	r = newOrganisation(t)
	m = r.do(read, "mount", nil)
	if m["consumer_id"] != r.mount.ID.String() || m["mount_id"] != r.Mount.String() || m["signing"] != r.mount.Signer.Public().String() {
		t.Fatalf("after: %v", m)
	}
}
