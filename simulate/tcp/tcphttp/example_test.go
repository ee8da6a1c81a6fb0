package tcphttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
	"github.com/winlimits/winlimits/simulate/tcp/tcphttp"
)

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// At most ten sockets of this client are in SYN_SENT.
func ExampleNewTransport() {
	site := httptest.NewServer(http.FileServer(http.Dir(".")))
	defer site.Close()
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP2"), nil))
	defer host.Close()
	dialer := must(tcp.NewDialer(host, nil))
	client := &http.Client{Transport: must(tcphttp.NewTransport(dialer, nil))}
	resp := must(client.Get(site.URL))
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}
