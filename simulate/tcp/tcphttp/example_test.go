package tcphttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
	"github.com/winlimits/winlimits/simulate/tcp/tcphttp"
)

func ExampleNewTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "It works.")
	}))
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	transport, err := tcphttp.NewTransport(dialer, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	response, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	fmt.Println(string(page), err)
	// Output: It works. <nil>
}
