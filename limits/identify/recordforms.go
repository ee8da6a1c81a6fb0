package identify

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// near is how many lines from a name a version can stand and still be its own.
const nearLines = 3

// lineRecord reads a text of lines such as
//
//	Caption            : Microsoft Windows Server 2022 Standard
//	ProductName    REG_SZ    Windows 10 Pro
//	"CurrentBuild"="22631"
//	windows_os_info{product="Windows 10 Pro",build_number="22631"} 1
func lineRecord(text string) (rec record, form Form) {
	form = FormRecord
	var (
		line   int
		places []int // the line of each pair
		titles []int // the lines of names
	)
	add := func(key, value string) {
		if len(rec) == maxRecord || len(key) > 60 {
			return
		}
		p := pair{key: key, value: strings.TrimSpace(value)}
		name := p.name()
		if !one(captionKeys+nameKeys+versionKeys+buildKeys+releaseKeys+packKeys+skuKeys+typeKeys+suiteKeys+installKeys+editionKeys+systemKeys+
			" currentmajorversionnumber currentminorversionnumber major minor ", name) {
			return
		}
		if (one(captionKeys, name) || one(nameKeys, name)) && namesWindows(p.value) || one(editionKeys+" currentmajorversionnumber ", name) {
			titles = append(titles, line)
		}
		rec = append(rec, p)
		places = append(places, line)
	}
	var last [nearLines]string // the lines before
	for l := range strings.Lines(text) {
		line++
		l = strings.TrimSpace(l)
		if len(l) > 4096 {
			continue
		}
		if len(titles) == 0 && len(l) > 8 && strings.EqualFold(l[:8], "OS build") {
			for i := range last { // the settings of Windows, copied: the name stands before it
				if name := last[(line+i)%nearLines]; namesWindows(name) {
					add("edition", name)
				}
			}
		}
		last[line%nearLines] = l
		switch {
		case strings.Contains(l, " REG_"):
			fields := strings.Fields(l)
			if len(fields) > 1 && strings.HasPrefix(fields[1], "REG_") {
				_, value, _ := strings.Cut(l, fields[1])
				add(fields[0], value)
				form = FormRegistry
			}
		case strings.HasPrefix(l, `"`) && strings.Contains(l, `"=`): // a file of regedit
			key, value, _ := strings.Cut(l[1:], `"=`)
			if hex, ok := strings.CutPrefix(value, "dword:"); ok {
				value = "0x" + hex
			}
			add(key, strings.Trim(value, `"`))
			form = FormRegistry
		case strings.Contains(l, `="`): // labels, attributes
			for rest := l; ; {
				before, after, ok := strings.Cut(rest, `="`)
				if !ok {
					break
				}
				value, next, ok := strings.Cut(after, `"`)
				if !ok {
					break
				}
				add(before[strings.LastIndexAny(before, " ,{\t")+1:], value)
				rest = next
			}
		default:
			if i := strings.IndexAny(l, ":=\t"); i > 0 {
				add(l[:i], strings.TrimLeft(l[i:], ":=\t "))
				continue
			}
			for _, key := range [...]string{"Edition", "Version", "OS build"} { // of the settings, copied
				if value, ok := strings.CutPrefix(l, key+" "); ok {
					add(key, value)
				}
			}
		}
	}
	for i := range rec {
		for _, t := range titles {
			d := places[i] - t
			switch {
			case form == FormRegistry:
				rec[i].near = sameRecord
			case max(d, -d) <= nearLines:
				rec[i].near = max(rec[i].near, nearby)
			}
		}
	}
	return rec, form
}

// jsonRecords reads the objects of a text in JSON, the outer ones first, and
// those within them. Prose can stand before it.
func jsonRecords(text string) (list []record) {
	i := strings.IndexAny(text, "{[")
	if i < 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text[i:]))
	d.UseNumber()
	type level struct {
		rec  int    // the record in list, -1 = an array
		key  string // the last one
		want bool   // a key comes next
	}
	var stack []level
	for {
		t, err := d.Token()
		if err != nil || len(list) == maxRecord {
			return list
		}
		top := len(stack) - 1
		if delim, ok := t.(json.Delim); ok {
			switch delim {
			case '{':
				list = append(list, nil)
				stack = append(stack, level{rec: len(list) - 1, want: true})
			case '[':
				stack = append(stack, level{rec: -1})
			default:
				stack = stack[:top]
				if top > 0 {
					stack[top-1].want = stack[top-1].rec >= 0
				} else {
					return list
				}
			}
			if len(stack) > 64 {
				return list
			}
			continue
		}
		if top < 0 {
			return list
		}
		l := &stack[top]
		switch {
		case l.rec < 0:
		case l.want:
			l.key, l.want = fmt.Sprint(t), false
		default:
			if rec := &list[l.rec]; len(*rec) < maxRecord {
				p := pair{key: l.key, null: t == nil, near: sameRecord}
				if t != nil {
					p.value = fmt.Sprint(t)
				}
				*rec = append(*rec, p)
			}
			l.want = true
		}
	}
}

// xmlRecord reads elements of a text in XML as pairs, each by its own name or
// that in an attribute, as <VERSION>1709</VERSION>, <S N="Caption">...</S> and
// <PROPERTY NAME="Caption"><VALUE>...</VALUE></PROPERTY>.
func xmlRecord(text string) (rec record) {
	i := strings.IndexByte(text, '<')
	if i < 0 {
		return nil
	}
	d := xml.NewDecoder(strings.NewReader(text[i:]))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is decoded
	var keys []string
	value, ended := "", true
	for len(rec) < maxRecord {
		t, err := d.RawToken()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			key := t.Name.Local
			for _, a := range t.Attr {
				if strings.EqualFold(a.Name.Local, "name") || a.Name.Local == "N" {
					if len(t.Attr) == 1 || !strings.EqualFold(t.Name.Local, "osmatch") {
						key = a.Value
					} else {
						rec = append(rec, pair{key: "os details", value: a.Value, near: sameRecord})
					}
				}
			}
			if strings.EqualFold(key, "value") && len(keys) > 0 {
				key = keys[len(keys)-1]
			}
			keys = append(keys, key)
			value, ended = "", false
		case xml.CharData:
			value += string(t)
		case xml.EndElement:
			if !ended && len(keys) > 0 {
				rec = append(rec, pair{key: keys[len(keys)-1], value: strings.TrimSpace(value), near: sameRecord})
			}
			if len(keys) > 0 {
				keys = keys[:len(keys)-1]
			}
			ended = true
		}
		if len(keys) > 256 {
			break
		}
	}
	return rec
}

// csvLines returns the cells of a text in CSV, one a line and row after row, or
// nothing if it is none.
func csvLines(text string) string {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	var b strings.Builder
	for {
		cells, err := r.Read()
		if err != nil {
			break
		}
		if len(cells) < 3 {
			continue
		}
		for _, cell := range cells {
			b.WriteString(strings.ReplaceAll(cell, "\n", " "))
			b.WriteByte('\n')
		}
	}
	return b.String()
}
