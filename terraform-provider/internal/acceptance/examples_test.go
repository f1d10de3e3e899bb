package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// exampleLimit bounds one run of an example's README, which takes seconds: what takes
// longer than this waits for something that does not come.
const exampleLimit = 10 * time.Minute

// TestTheExamplesRunAsTheyStand does what the READMEs say, command by command, in a
// copy of the example and with the provider installed as `make install-provider`
// installs it.
func TestTheExamplesRunAsTheyStand(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with terraform and tofu: -short")
	}
	home := installed(t)
	for _, p := range programs {
		for _, name := range []string{"03-terraform", "04-pipeline"} {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				newExample(t, name, home, p.find(t)).run(t)
			})
		}
	}
}

// What a step of the workflow lacks, only a runner would find out.
func TestTheWorkflowGivesThePipelineWhatItWants(t *testing.T) {
	const dir = "../../../examples/04-pipeline/"
	pipeline, err := os.ReadFile(dir + "pipeline.sh")
	if err != nil {
		t.Fatal(err)
	}
	workflow, err := os.ReadFile(dir + "release.yml")
	if err != nil {
		t.Fatal(err)
	}
	wanted := regexp.MustCompile(`\$\{([A-Z_]+):\?\}`).FindAllStringSubmatch(string(pipeline), -1)
	if len(wanted) < 8 {
		t.Fatalf("the pipeline wants %q", wanted)
	}
	for _, name := range wanted {
		if !regexp.MustCompile(`(?m)(^ +` + name[1] + `: |echo "` + name[1] + `=)`).Match(workflow) {
			t.Errorf("release.yml does not give %s to pipeline.sh", name[1])
		}
	}
}

// example is a copy of a folder of examples/, and where its commands run.
type example struct {
	dir   string
	out   string   // has what each step printed, by number
	env   []string // of every command
	steps []step
}

// newExample copies an example. Its commands find the built programs on PATH, where
// program is called terraform, and nothing of whoever runs the test.
func newExample(t *testing.T, name, home, program string) *example {
	t.Helper()
	e := &example{dir: filepath.Join(t.TempDir(), name), out: t.TempDir()}
	if err := os.CopyFS(e.dir, os.DirFS(filepath.Join("../../../examples", name))); err != nil {
		t.Fatal(err)
	}
	e.steps = stepsOf(t, filepath.Join(e.dir, "README.md"))
	bin := t.TempDir()
	for link, to := range map[string]string{
		"terraform":  program,
		"stillvault": filepath.Join(os.Getenv(binVariable), "stillvault"),
	} {
		if err := os.Symlink(to, filepath.Join(bin, link)); err != nil {
			t.Fatal(err)
		}
	}
	e.env = []string{
		"PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + t.TempDir(), "OUT=" + e.out,
		"TF_CLI_ARGS=-no-color", "CHECKPOINT_DISABLE=1",
	}
	return e
}

// run does the steps and checks what they print.
func (e *example) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), exampleLimit)
	defer cancel()
	var steps []step
	for _, s := range e.steps {
		switch {
		case s.is("build"):
		case s.is("server"):
			e.env = append(e.env, e.serve(t, s)...)
		default:
			steps = append(steps, s)
		}
	}
	shell := exec.CommandContext(ctx, "bash", "-c", script(steps))
	shell.Dir, shell.Env, shell.WaitDelay = e.dir, e.env, 5*time.Second
	failure := shell.Run()
	for i, s := range steps {
		printed, err := os.ReadFile(filepath.Join(e.out, strconv.Itoa(i)))
		if err != nil {
			t.Fatalf("the step before the following failed: %v\n%s", failure, s.lines)
		}
		if _, err := os.Stat(filepath.Join(e.out, strconv.Itoa(i+1))); err != nil && failure != nil {
			t.Fatalf("%v in:\n%s\nwhich printed:\n%s", failure, s.lines, printed)
		}
		t.Logf("%s\n%s", s.lines, printed)
		s.check(t, string(printed))
	}
}

// serve runs a server on a free port for as long as the test takes, and returns the
// variables that it prints to export for the first person that the step names, and the
// tokens of the others, such as CAROL_TOKEN.
func (e *example) serve(t *testing.T, s step) []string {
	t.Helper()
	var said output
	server := exec.Command("bash", "-c", fmt.Sprintf("exec %s --listen 127.0.0.1:0 --plugin '%s'", strings.TrimSpace(s.lines), os.Getenv(pluginVariable)))
	server.Dir, server.Env, server.Stdout, server.Stderr = e.dir, e.env, &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	for deadline := time.Now().Add(longestWait); !strings.Contains(said.String(), "Ctrl-C"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come up:\n%s", s.lines, said.String())
		}
	}
	env := exportsFor(t, said.String(), s.how[1])
	for _, other := range s.how[2:] {
		for _, v := range exportsFor(t, said.String(), other) {
			if token, found := strings.CutPrefix(v, "VAULT_TOKEN="); found {
				env = append(env, strings.ToUpper(other)+"_TOKEN="+token)
			}
		}
	}
	return env
}

var variable = regexp.MustCompile(`([A-Z_]+)=(\S+)`)

// exportsFor finds the export below a heading that names a person.
func exportsFor(t *testing.T, said, person string) []string {
	t.Helper()
	export := regexp.MustCompile(`(?m)\b` + person + `\b.*:\n  export ((?:.*\\\n)*.*)$`).FindStringSubmatch(said)
	if export == nil {
		t.Fatalf("nothing to export for %s in:\n%s", person, said)
	}
	var env []string
	for _, v := range variable.FindAllStringSubmatch(export[1], -1) {
		env = append(env, v[1]+"="+strings.Trim(v[2], "'"))
	}
	return env
}

// installed is a home directory into which the provider was installed, with the
// command that `make install-provider` runs.
func installed(t *testing.T) string {
	t.Helper()
	home, bin := t.TempDir(), os.Getenv(binVariable)
	run := exec.Command(filepath.Join(bin, "release"), "mirror", "-version", "0.1.0", filepath.Join(bin, providerBinary))
	run.Env = append(os.Environ(), "HOME="+home)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", run, err, out)
	}
	return home
}

// output is what a program has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
