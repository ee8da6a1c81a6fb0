package page_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/winlimits/winlimits/examples/lab/page"
	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func ask(t *testing.T, query string) *page.Question {
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	q, err := page.ReadQuestion(values)
	require.NoError(t, err)
	return q
}

func TestReadQuestion(t *testing.T) {
	q := ask(t, "windows=xp+pro+sp3&service=http&clients=40&serviceTime=30s&limit=7&allow=2.5%25&compare=vista+business,win7+pro&until=1h30m")
	assert.Equal(t, limits.MustParseWindows("XP Professional SP3"), q.Scenario.Windows)
	assert.Equal(t, limits.IIS, q.Scenario.Service)
	assert.Equal(t, 40, q.Scenario.Clients)
	assert.Equal(t, forecast.Constant(30*time.Second), q.Scenario.ServiceTime)
	assert.Equal(t, map[limits.Service]int{limits.IIS: 7}, q.Scenario.Settings.Limits)
	assert.Equal(t, 90*time.Minute, q.Scenario.Until)
	assert.InDelta(t, 0.025, q.Allowed, 1e-12)
	assert.Len(t, q.Compare, 2)
}

// The address of a question asks the same question, and so does its JSON.
func TestQuestionKeeps(t *testing.T) {
	for _, query := range []string{
		"",
		"windows=xp+pro+sp3&service=tcp-half-open&clients=40&dead=10&roundTrip=50ms&seed=7",
		"windows=win+7+pro&service=iis&clients=300&serviceTime=1s&arrive=every(10ms)&patience=5s&retries=2&backoff=1s",
		"scenario=" + url.QueryEscape(`{"windows":"XP Professional SP3","service":"iis","clients":12,"settings":{"maxConnections":40}}`) + "&compare=win7+pro",
	} {
		q := ask(t, query)
		again := ask(t, q.Query)
		assert.Equal(t, q.Scenario, again.Scenario)
		assert.Equal(t, q.Compare, again.Compare)
		byJSON := ask(t, url.Values{"scenario": {q.JSON()}}.Encode())
		assert.JSONEq(t, q.JSON(), byJSON.JSON())
	}
}

func TestReadQuestionErrors(t *testing.T) {
	for query, want := range map[string]string{
		"windows=xp&service=smb&clients=3":                               `windows: limits: ambiguous`,
		"service=smb&clients=3":                                          `windows: want a name`,
		"windows=xp+pro&clients=3":                                       `service: want one`,
		"windows=xp+pro&service=smb&clients=-1":                          `clients: "-1": want a whole number`,
		"windows=xp+pro&service=smb&clients=0":                           `clients: `,
		"windows=xp+pro&service=smb&clients=9999999":                     `clients: "9999999": want a whole number from 0 to 50000`,
		"windows=xp+pro&service=smb&clients=50000&connections=2":         `clients: 50000 with 2 connections`,
		"windows=xp+pro&service=smb&clients=3&serviceTime=soon":          `serviceTime: `,
		"windows=xp+pro&service=smb&clients=3&away=1m":                   `until: clients that come again need an end`,
		"windows=xp+pro&service=smb&clients=3&allow=101":                 `allow: "101": want per cent`,
		"windows=xp+pro&service=smb&clients=3&until=-4h":                 `until: "-4h": want a time`,
		"windows=xp+pro&service=smb&clients=3&arrive=trace(0s)":          `arrive: `,
		"windows=xp+pro&service=smb&clients=3&clients=4":                 `clients: is there 2 times`,
		"windows=xp+pro&service=smb&clients=3&colour=red":                `colour: there is no such field`,
		"windows=xp+home&service=iis&clients=3":                          ``,
		"scenario=" + url.QueryEscape(`{"windows":"XP Pro","clints":3}`): `scenario: `,
	} {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		q, err := page.ReadQuestion(values)
		if err == nil {
			_, err = q.Answer(context.Background())
		}
		require.Error(t, err, query)
		assert.Contains(t, err.Error(), want, query)
	}
}

func TestAnswer(t *testing.T) {
	q := ask(t, "windows=xp+pro+sp3&service=smb&clients=25&serviceTime=1m&compare=server+2003+standard,windows+95")
	o, err := q.Answer(context.Background())
	require.NoError(t, err)
	report, err := forecast.Run(context.Background(), q.Scenario)
	require.NoError(t, err)
	assert.Equal(t, &report, o.Report)
	assert.Equal(t, "60 % of what 25 clients ask for is lost: 15 of 25 sessions.", o.Says())
	require.NotNil(t, o.Capacity)
	assert.Equal(t, "10 clients fit.", o.Fits())
	assert.Len(t, o.Comparison, 3)
	assert.Contains(t, o.Suitable, "Windows Server 2022")
	assert.NotContains(t, o.Suitable, "Windows 11")
	for _, which := range []string{"", "curves"} {
		picture, err := q.Picture(context.Background(), which)
		require.NoError(t, err)
		assert.Contains(t, string(picture), "<svg")
	}
	_, err = q.Picture(context.Background(), "pie")
	assert.ErrorContains(t, err, `picture: "pie": want curves`)
}

// What there is no time for is left out, and the page says so.
func TestAnswerOutOfTime(t *testing.T) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	_, err := ask(t, "").Answer(ctx)
	assert.ErrorContains(t, err, "clients: the forecast takes too long")
}

func FuzzReadQuestion(f *testing.F) {
	f.Add("")
	f.Add("windows=xp+pro+sp3&service=http&clients=40&serviceTime=30s&limit=7&allow=2.5%25&compare=vista+business&until=1h30m")
	f.Add("scenario=" + url.QueryEscape(`{"windows":"XP Professional SP3","service":"iis","clients":12}`))
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := page.ReadQuestion(values)
		if err != nil {
			return
		}
		again, err := url.ParseQuery(q.Query)
		require.NoError(t, err)
		same, err := page.ReadQuestion(again)
		require.NoError(t, err)
		a, err := json.Marshal(q.Scenario)
		require.NoError(t, err)
		b, err := json.Marshal(same.Scenario)
		require.NoError(t, err)
		require.Equal(t, string(a), string(b))
	})
}
