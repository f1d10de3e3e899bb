// Command proto writes the Go code of the protocol buffers in this repository,
// and with -check only says whether what is committed is what it would write.
//
// It needs no protoc: it compiles the .proto file itself and hands the result to
// the two generators that go.mod beside this file pins, so the Go module proxy is
// all that a new machine must reach.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// The .proto file, from the top of the repository, and the folder under which
// import paths become folders.
const (
	source = "plugins/signer/contract/signer.proto"
	module = "github.com/stillvault/stillvault"
)

// generators are the tools of go.mod beside this file, with their parameters.
var generators = map[string]string{
	"protoc-gen-go":      "module=" + module,
	"protoc-gen-go-grpc": "module=" + module,
}

func main() {
	check := flag.Bool("check", false, "write nothing; fail if what is committed differs")
	root := flag.String("root", "../..", "the top of the repository")
	flag.Parse()
	if err := run(context.Background(), *root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "proto:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, check bool) error {
	files, err := compile(ctx, root)
	if err != nil {
		return err
	}
	for name, parameter := range generators {
		answer, err := generate(ctx, name, &pluginpb.CodeGeneratorRequest{
			FileToGenerate: []string{source},
			Parameter:      proto.String(parameter),
			ProtoFile:      files,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, file := range answer.File {
			if err := settle(filepath.Join(root, file.GetName()), []byte(file.GetContent()), check); err != nil {
				return err
			}
		}
	}
	return nil
}

// compile returns the source and all that it imports, what is imported first.
func compile(ctx context.Context, root string) ([]*descriptorpb.FileDescriptorProto, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}}),
		SourceInfoMode: protocompile.SourceInfoStandard, // comments become doc comments
	}
	compiled, err := compiler.Compile(ctx, source)
	if err != nil {
		return nil, err
	}
	var files []*descriptorpb.FileDescriptorProto
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		files = append(files, protoutil.ProtoFromFileDescriptor(f))
	}
	add(compiled[0])
	return files, nil
}

// generate runs a generator the way protoc does.
func generate(ctx context.Context, name string, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	input, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", name)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var answer pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(output, &answer); err != nil {
		return nil, err
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("%s", answer.GetError())
	}
	return &answer, nil
}

// settle writes a file, or checks that it needs no writing.
func settle(path string, want []byte, check bool) error {
	have, err := os.ReadFile(path)
	if err == nil && bytes.Equal(have, want) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is not what %s makes; run `make proto` and commit the result", filepath.Base(path), source)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, want, 0o644)
}
