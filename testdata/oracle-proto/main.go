// Writes what Istio's two readers of protobuf's JSON make of each line of a file: the JSON of a message, or a
// mapping in YAML's flow style.
//
//	go run . legacy   <../../crates/mesh/testdata/proto-json/mesh-config.txt >../../crates/mesh/testdata/proto-json/mesh-config.expected.txt
//	go run . protojson <../proto-json/envoy.txt        >../proto-json/envoy.expected.txt
//	go run . patch     <../proto-json/envoy.txt        >../proto-json/envoy-filter.expected.txt
//
// "legacy" is jsonpb, which reads a MeshConfig and the annotation of a pod; "patch" is the same of an EnvoyFilter's
// value, an Envoy Cluster here, which comes as a Struct; "protojson" reads config dumps. A line comes out as `ok ` and
// the message in canonical JSON, or `error`.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/golang/protobuf/jsonpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	mesh "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"
)

func main() {
	read := map[string]func(string) (proto.Message, error){"legacy": legacy, "patch": patch, "protojson": strict}[os.Args[1]]
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			fmt.Println(line)
			continue
		}
		message, err := read(line)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s\n    %v\n", line, err)
			fmt.Println("error")
			continue
		}
		fmt.Println("ok " + canonical(message))
	}
}

func legacy(text string) (proto.Message, error) {
	message := &mesh.MeshConfig{}
	js, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	reader := jsonpb.Unmarshaler{AllowUnknownFields: true}
	return message, reader.Unmarshal(strings.NewReader(string(js)), message)
}

func patch(text string) (proto.Message, error) {
	value, message := &structpb.Struct{}, &cluster.Cluster{}
	if err := jsonpb.UnmarshalString(text, value); err != nil {
		return nil, err
	}
	js, err := (&jsonpb.Marshaler{OrigName: true}).MarshalToString(value)
	if err != nil {
		return nil, err
	}
	reader := jsonpb.Unmarshaler{AllowUnknownFields: true}
	return message, reader.Unmarshal(strings.NewReader(js), message)
}

func strict(text string) (proto.Message, error) {
	message := &cluster.Cluster{}
	return message, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal([]byte(text), message)
}

func canonical(message proto.Message) string {
	out, err := protojson.Marshal(message)
	if err != nil {
		return err.Error()
	}
	var value any
	if err := json.Unmarshal(out, &value); err != nil {
		return err.Error()
	}
	sorted, _ := json.Marshal(value)
	return string(sorted)
}
