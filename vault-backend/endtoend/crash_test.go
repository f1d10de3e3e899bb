package endtoend

import (
	"context"
	"testing"
)

// TestPlugInKilledWithRequestsWaiting kills the plug-in with one read of each
// kind waiting. The mount's own request dies with its key: the server starts the
// plug-in again and replays the read, which asks anew, and the approver has one
// card as before. The host's request is in storage, and its client has the key.
func TestPlugInKilledWithRequestsWaiting(t *testing.T) {
	t.Run("host", func(t *testing.T) { killPlugInWithRequestsWaiting(t, found(t, startEmbedded(t))) })
	t.Run("vault", func(t *testing.T) {
		if testing.Short() {
			t.Skip("left out by -short")
		}
		requireVault(t)
		killPlugInWithRequestsWaiting(t, found(t, startReal(t)))
	})
}

func killPlugInWithRequestsWaiting(t *testing.T, o *organisation) {
	mounted, hosted := newScene(t, o, "killed-mount", nil), newScene(t, o, "killed-host", nil)
	asked, err := hosted.askAsHost()
	o.Must(err)
	reading, releases := mounted.start(), hosted.post(asked)
	before := o.alice.shown(t, mounted.path)
	kept := o.alice.shown(t, hosted.path)

	pid := o.site.pluginPID(t)
	o.site.killPlugin(t)
	// The next call starts the plug-in again where no read was replayed yet.
	await(t, "another plug-in process", func() bool {
		o.admin("GET", "status", nil)
		return o.site.pluginPID(t) != pid
	})

	again := o.alice.shownOther(t, mounted.path, before)
	if sameCard := o.alice.shown(t, hosted.path); sameCard.Request.Hash() != kept.Request.Hash() {
		t.Error("the host's request did not survive")
	}
	if a := o.alice.approveItem(t, again); a.status >= 300 {
		t.Errorf("approve: %d %s", a.status, a.text)
	}
	if a := o.alice.approveItem(t, kept); a.status >= 300 {
		t.Errorf("approve for the host: %d %s", a.status, a.text)
	}
	mounted.checkValue(mounted.resume(<-reading, func() answer { return mounted.read() }))
	got := hosted.resume(<-releases, func() answer { return <-hosted.post(asked) })
	hosted.checkValue(hosted.openReleases(asked, got))
}

// TestVaultKilledWithRequestsWaiting is the same for the whole server.
func TestVaultKilledWithRequestsWaiting(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	requireVault(t)
	server := startReal(t)
	o := found(t, server)
	mounted, hosted := newScene(t, o, "killed-mount", nil), newScene(t, o, "killed-host", nil)
	asked, err := hosted.askAsHost()
	o.Must(err)
	reading, releases := mounted.start("wait", "50s"), hosted.post(asked)
	before := o.alice.shown(t, mounted.path)
	kept := o.alice.shown(t, hosted.path)

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-reading // Vault's client gives up after some retries, or gets through with one
	<-releases

	if sameCard := o.alice.shown(t, hosted.path); sameCard.Request.Hash() != kept.Request.Hash() {
		t.Error("the host's request did not survive")
	}
	if a := o.alice.approveItem(t, kept); a.status >= 300 {
		t.Errorf("approve for the host: %d %s", a.status, a.text)
	}
	hosted.checkValue(hosted.openReleases(asked, <-hosted.post(asked)))
	if n := len(o.alice.open(t, hosted.path, 0)); n != 0 {
		t.Errorf("%d cards are left after the answer", n)
	}

	resumed := mounted.start()
	item := o.alice.shownOther(t, mounted.path, before)
	if a := o.alice.approveItem(t, item); a.status >= 300 {
		t.Errorf("approve: %d %s", a.status, a.text)
	}
	mounted.checkValue(<-resumed)
}
