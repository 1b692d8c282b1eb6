// SPDX-License-Identifier: Apache-2.0

// Renders the chart where Helm is not to be had: with Helm's own engine, which is Go's
// text/template, the functions of sprig and the few that Helm adds to them. What the chart does
// not use is not here: no dependencies, hooks, lookups or value types beyond those of YAML.
//
//	render CHART RELEASE NAMESPACE KUBERNETES-VERSION [VALUES-FILE]
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

// Where a chart asks for a file of its own.
type files string

func (folder files) Get(name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(string(folder), name))
	return string(content), err
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func read(path string) map[string]interface{} {
	content, err := os.ReadFile(path)
	fail(err)
	values := map[string]interface{}{}
	fail(yaml.Unmarshal(content, &values))
	return values
}

// As Helm does it: tables are merged, everything else is replaced, null takes a default away.
func merge(into, from map[string]interface{}) {
	for key, value := range from {
		old, isTable := into[key].(map[string]interface{})
		table, hasTable := value.(map[string]interface{})
		switch {
		case value == nil:
			delete(into, key)
		case isTable && hasTable:
			merge(old, table)
		default:
			into[key] = value
		}
	}
}

func main() {
	if len(os.Args) < 5 {
		fail(fmt.Errorf("use: render CHART RELEASE NAMESPACE KUBERNETES-VERSION [VALUES-FILE]"))
	}
	chart, version := os.Args[1], os.Args[4]
	values := read(filepath.Join(chart, "values.yaml"))
	if len(os.Args) > 5 {
		merge(values, read(os.Args[5]))
	}
	// Chart.yaml's keys begin with a capital where templates see them.
	about := map[string]interface{}{}
	for key, value := range read(filepath.Join(chart, "Chart.yaml")) {
		about[strings.ToUpper(key[:1])+key[1:]] = value
	}

	all := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	all.Funcs(functions)

	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	fail(err)
	sort.Strings(paths)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		fail(err)
		_, err = all.New(filepath.Base(path)).Parse(string(content))
		fail(err)
	}
	data := map[string]interface{}{
		"Values":  values,
		"Chart":   about,
		"Files":   files(chart),
		"Release": map[string]interface{}{"Name": os.Args[2], "Namespace": os.Args[3]},
		"Capabilities": map[string]interface{}{
			"KubeVersion": map[string]interface{}{"Version": version},
		},
	}
	var documents []string
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") || name == "NOTES.txt" {
			continue
		}
		var text bytes.Buffer
		fail(all.ExecuteTemplate(&text, name, data))
		for _, document := range strings.Split("\n"+text.String(), "\n---\n") {
			if document = strings.TrimSpace(document); document != "" {
				documents = append(documents, document)
			}
		}
	}
	sort.SliceStable(documents, func(i, j int) bool { return rank(documents[i]) < rank(documents[j]) })
	fmt.Println(strings.Join(documents, "\n---\n"))
}

// Where a document stands: `kubectl apply` takes them in their order, and Helm sorts them so.
func rank(document string) int {
	var object struct{ Kind string }
	fail(yaml.Unmarshal([]byte(document), &object))
	order := []string{"Namespace", "NetworkPolicy", "ServiceAccount", "ConfigMap", "DaemonSet"}
	for place, kind := range order {
		if kind == object.Kind {
			return place
		}
	}
	return len(order)
}
