// The oracle says what sigs.k8s.io/yaml makes of snippets of YAML: the table that the Rust tests compare with.
//
//	cd testdata/oracle && go run . ../yaml-meaning
//
// reads snippets.txt in that folder and writes expected.txt: for each snippet one line of compact JSON with sorted
// keys, or the word "error". Snippets are separated by lines of "====".
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	folder := os.Args[1]
	input, err := os.ReadFile(filepath.Join(folder, "snippets.txt"))
	if err != nil {
		panic(err)
	}
	var out strings.Builder
	for _, snippet := range strings.Split(string(input), "====\n") {
		out.WriteString(meaning(snippet) + "\n")
	}
	if err := os.WriteFile(filepath.Join(folder, "expected.txt"), []byte(out.String()), 0o644); err != nil {
		panic(err)
	}
}

func meaning(snippet string) string {
	text, err := yaml.YAMLToJSON([]byte(unescape(snippet)))
	if err != nil {
		return "error"
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return fmt.Sprintf("error: %v", err)
	}
	return compact.String()
}

// Bytes that would not survive an editor are written as escapes of their own.
func unescape(text string) string {
	return strings.NewReplacer("␀", "\x00", "␍", "\r", "␉", "\t", "␛", "\x1b", "⌫", "\ufeff").Replace(text)
}
