package endtoend

import (
	"context"
	"testing"
	"time"
)

// TestPlugInKilledWithRequestsWaiting kills the plug-in with one read of each
// kind waiting. The mount's own request dies with its key: the server starts the
// plug-in again and replays the read, which asks anew, and the approver has one
// card as before. The host's request is in storage, and its client has the key.
//
// The waits are short, because Vault replays the first call that notices under a
// lock that the next one to notice wants for itself: then the mount answers
// nobody until the replayed call's wait has ended.
func TestPlugInKilledWithRequestsWaiting(t *testing.T) {
	t.Parallel()
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
	reading := persist(func() <-chan answer { return mounted.start("wait", "5s") })
	releases := persist(func() <-chan answer { return hosted.post(asked, "5s") })
	before := o.alice.shown(t, mounted.path)
	kept := o.alice.shown(t, hosted.path)

	pid := o.site.pluginPID(t)
	o.site.killPlugin(t)
	// The next call starts the plug-in again where no read was replayed yet. A
	// call that comes before the server has noticed is a 500, which clients retry.
	await(t, "another plug-in process", func() bool {
		return call(t, o.site.addr(), o.site.admin(), "GET", "status", nil).status == 200 && o.site.pluginPID(t) != pid
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
	mounted.checkValue(<-reading)
	hosted.checkValue(hosted.openReleases(asked, <-releases))
}

// persist makes a call again, as a person would, when it broke off or its wait
// ended: the server may lose a call in flight when the plug-in dies under it.
func persist(start func() <-chan answer) <-chan answer {
	result := make(chan answer, 1)
	go func() {
		var a answer
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			if a = <-start(); a.status != gone && a.status != 423 && a.status < 500 {
				break
			}
		}
		result <- a
	}()
	return result
}

// TestVaultKilledWithRequestsWaiting is the same for the whole server.
func TestVaultKilledWithRequestsWaiting(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	requireVault(t)
	t.Parallel()
	server := startReal(t)
	o := found(t, server)
	mounted, hosted := newScene(t, o, "killed-mount", nil), newScene(t, o, "killed-host", nil)
	asked, err := hosted.askAsHost()
	o.Must(err)
	reading, releases := mounted.start("wait", "5s"), hosted.post(asked, "5s")
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
	hosted.checkValue(hosted.openReleases(asked, <-hosted.post(asked, "5s")))
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
