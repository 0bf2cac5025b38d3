package ldapcache

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rcptquota/rcptquota/quota/conf"
)

// presetFiles are the presets: a file each, with a value for every key of
// [Schema]. A file that is added here is a preset under its name.
//
//go:embed presets
var presetFiles embed.FS

// presets are the schemas of the kinds of directories that sites have, by name.
var presets = mustReadPresets()

// mustReadPresets reads files that are part of the program.
func mustReadPresets() map[string]Schema {
	all := map[string]Schema{}
	err := fs.WalkDir(presetFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := presetFiles.ReadFile(path)
		if err != nil {
			return err
		}
		var schema Schema
		err = conf.Decode(path, data, &schema)
		all[strings.TrimSuffix(entry.Name(), ".toml")] = schema
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("the presets built in: %v", err))
	}
	return all
}

// withPreset returns the configuration with the preset's value for each key that
// the file leaves out. An empty list in the file is a value.
func (c Config) withPreset() Config {
	p := presets[c.Preset]
	filters := p.filters()
	for i, key := range c.filters() {
		if *key.value == "" {
			*key.value = *filters[i].value
		}
	}
	lists := p.attributes()
	for i, key := range c.attributes() {
		if *key.value == nil {
			*key.value = *lists[i].value
		}
	}
	return c
}
