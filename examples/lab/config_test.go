package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the API answers is what it takes.
func TestConfigRoundTrip(t *testing.T) {
	const text = `{"hosts":[{"name":"box","windows":"Windows XP Professional SP3","settings":{"maxConnections":20},"fronts":[
		{"kind":"iis","listen":"127.0.0.1:1","upstream":"http://127.0.0.1:8080/x","tls":true},
		{"kind":"smb","listen":"127.0.0.1:2","count":"computer","refuse":"first","accounts":{"a":"b"}},
		{"kind":"tcp","listen":"127.0.0.1:3","upstream":"a:1","service":"ftp","backlog":0,"acceptEvery":"1.5s"},
		{"kind":"socks5","listen":"127.0.0.1:4","process":"p","timeout":"15s"},
		{"kind":"connect","listen":"127.0.0.1:5"}]}]}`
	hosts, err := readConfig([]byte(text))
	require.NoError(t, err)
	again, err := json.Marshal(map[string]any{"hosts": hosts})
	require.NoError(t, err)
	assert.JSONEq(t, text, string(again))
}

func TestDuration(t *testing.T) {
	var d duration
	require.NoError(t, d.UnmarshalText([]byte("1m30s")))
	assert.Equal(t, 90*time.Second, time.Duration(d))
	for _, text := range []string{"", "5", "-1s", "x"} {
		assert.ErrorContains(t, d.UnmarshalText([]byte(text)), "30s", text)
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(`{"hosts":[{"name":"box","windows":"XP Pro SP3","settings":{"maxConnections":20},"fronts":[{"kind":"iis","tls":true},{"kind":"smb","count":"computer","accounts":{"a":"b"}}]}]}`))
	f.Add([]byte(`{"hosts":[{"name":"b","windows":"XP","fronts":[{"kind":"tcp","upstream":"a:1","backlog":-5,"acceptEvery":"1s"},{"kind":"connect","process":"p","timeout":"1m"}]}]}`))
	f.Add([]byte(`{"hosts":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		hosts, err := readConfig(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(map[string]any{"hosts": hosts})
		require.NoError(t, err)
		again, err := readConfig(text)
		require.NoError(t, err, "%s", text)
		assert.Equal(t, len(hosts), len(again))
		for i := range hosts {
			assert.Equal(t, string(hosts[i].without()), string(again[i].without()))
		}
	})
}
