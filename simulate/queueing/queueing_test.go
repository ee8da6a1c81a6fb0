package queueing

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tables hold exact rationals, rounded to the digits shown.

var erlangBLoads = []float64{1, 2, 3, 5, 7, 9, 10, 15, 20, 40}

var erlangBTable = []struct {
	servers  int
	blocking []string
}{
	{1, []string{"0.5000000000", "0.6666666667", "0.7500000000", "0.8333333333", "0.8750000000", "0.9000000000", "0.9090909091", "0.9375000000", "0.9523809524", "0.9756097561"}},
	{2, []string{"0.2000000000", "0.4000000000", "0.5294117647", "0.6756756757", "0.7538461538", "0.8019801980", "0.8196721311", "0.8754863813", "0.9049773756", "0.9512485137"}},
	{3, []string{"0.0625000000", "0.2105263158", "0.3461538462", "0.5296610169", "0.6375464684", "0.7063953488", "0.7320644217", "0.8140376266", "0.8578168561", "0.9269182864"}},
	{5, []string{"0.0030674847", "0.0366972477", "0.1100543478", "0.2848678213", "0.4247194986", "0.5249079951", "0.5639521769", "0.6932272553", "0.7643579871", "0.8783598551"}},
	{10, []string{"0.0000001014", "0.0000381902", "0.0008103881", "0.0183845703", "0.0787408830", "0.1679632263", "0.2145823431", "0.4103405420", "0.5379631686", "0.7576877122"}},
	{20, []string{"", "", "0.0000000001", "0.0000002641", "0.0000299076", "0.0006169728", "0.0018690499", "0.0455932156", "0.1588919615", "0.5213070019"}},
	{25, []string{"", "", "", "0.0000000001", "0.0000000788", "0.0000057117", "0.0000292696", "0.0050108682", "0.0502217779", "0.4075556528"}},
	{40, []string{"", "", "", "", "", "", "", "0.0000000415", "0.0000277764", "0.1161559843"}},
}

var loadTargets = []float64{0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2}

var loadTable = []struct {
	servers int
	loads   []string
}{
	{1, []string{"0.0010", "0.0050", "0.0101", "0.0204", "0.0526", "0.1111", "0.2500"}},
	{2, []string{"0.0458", "0.1054", "0.1526", "0.2235", "0.3813", "0.5954", "1.0000"}},
	{3, []string{"0.1938", "0.3490", "0.4555", "0.6022", "0.8994", "1.2708", "1.9299"}},
	{5, []string{"0.7621", "1.1320", "1.3608", "1.6571", "2.2185", "2.8811", "4.0104"}},
	{10, []string{"3.0920", "3.9607", "4.4612", "5.0840", "6.2157", "7.5106", "9.6850"}},
	{20, []string{"9.4115", "11.0916", "12.0306", "13.1815", "15.2493", "17.6132", "21.6351"}},
	{25, []string{"12.9689", "14.9968", "16.1246", "17.5046", "19.9853", "22.8331", "27.7196"}},
	{40, []string{"24.4442", "27.3818", "29.0074", "30.9973", "34.5960", "38.7874", "46.1470"}},
}

var erlangCTable = []struct {
	servers              int
	load                 float64
	waiting, wait, queue string
}{
	{1, 0.5, "0.5000000000", "1.0000000000", "0.5000000000"},
	{1, 0.9, "0.9000000000", "9.0000000000", "8.1000000000"},
	{2, 1.5, "0.6428571429", "1.2857142857", "1.9285714286"},
	{5, 4, "0.5541125541", "0.5541125541", "2.2164502165"},
	{10, 5, "0.0361053592", "0.0072210718", "0.0361053592"},
	{10, 7, "0.2217312159", "0.0739104053", "0.5173728371"},
	{10, 8, "0.4091801508", "0.2045900754", "1.6367206032"},
	{10, 9, "0.6687315241", "0.6687315241", "6.0185837170"},
	{10, 9.5, "0.8255855781", "1.6511711563", "15.6861259844"},
	{20, 18, "0.5507690048", "0.2753845024", "4.9569210433"},
}

var mmckTable = []struct {
	servers, places                        int
	load                                   float64
	blocking, queue, system, wait, waiting string
}{
	{10, 20, 5, "0.0000176299", "0.0358944371", "5.0358062877", "0.0071790140", "0.0360713719"},
	{10, 20, 7, "0.0018872819", "0.4609357325", "7.4477247591", "0.0659724704", "0.2168259162"},
	{10, 20, 10, "0.0682118205", "3.7516501258", "13.0695319211", "0.4026290747", "0.7320528632"},
	{10, 20, 20, "0.5000344596", "9.0015969021", "19.0009077107", "0.9002217327", "0.9991611507"},
	{10, 15, 9, "0.0612587618", "1.0668697485", "9.5155408921", "0.1262766334", "0.4525580373"},
	{10, 15, 10, "0.1035173575", "1.5527603624", "10.5175867875", "0.1732058479", "0.5773528264"},
	{5, 10, 8, "0.3829294642", "3.5661241236", "8.5026884103", "0.7223898883", "0.9356317323"},
	{1, 5, 1, "0.1666666667", "1.6666666667", "2.5000000000", "2.0000000000", "0.8000000000"},
}

var engsetTable = []struct {
	sources, servers    int
	load                float64
	time, call, carried string
}{
	{11, 10, 1, "0.0053737176", "0.0009765625", "5.4973131412"},
	{12, 10, 1, "0.0161645849", "0.0053737176", "5.9838354151"},
	{15, 10, 1, "0.0974146041", "0.0629005907", "7.2564634898"},
	{20, 10, 0.5, "0.0563811984", "0.0416981509", "6.4787293388"},
	{20, 10, 1, "0.2996046482", "0.2605705711", "8.5019767589"},
	{30, 10, 0.5, "0.2616720504", "0.2406790563", "8.2555196641"},
	{50, 10, 0.25, "0.2395968615", "0.2286405499", "8.0832251078"},
	{10, 5, 1, "0.3949843260", "0.3298429319", "4.0125391850"},
}

// digits prints v with as many decimals as want has.
func digits(v float64, want string) string {
	_, decimals, _ := strings.Cut(want, ".")
	return fmt.Sprintf("%.*f", len(decimals), v)
}

func TestErlangBTable(t *testing.T) {
	for _, row := range erlangBTable {
		for i, want := range row.blocking {
			got, err := ErlangB(row.servers, erlangBLoads[i])
			require.NoError(t, err)
			if want == "" { // printed as about 0
				require.Less(t, got, 5e-11)
				require.Positive(t, got)
				continue
			}
			require.Equal(t, want, digits(got, want), "B(%d, %v)", row.servers, erlangBLoads[i])
		}
	}
}

func TestErlangBFractions(t *testing.T) {
	for _, c := range []struct {
		load     float64
		num, den int64
	}{{5, 390625, 21247437}, {7, 40353607, 512486087}, {10, 1562500, 7281587}} {
		got, err := ErlangB(10, c.load)
		require.NoError(t, err)
		require.InEpsilon(t, float64(c.num)/float64(c.den), got, 1e-15)
		require.Zero(t, big.NewRat(c.num, c.den).Cmp(slowErlangB(10, rat(c.load))))
	}
}

func TestErlangBLoadTable(t *testing.T) {
	for _, row := range loadTable {
		for i, want := range row.loads {
			got, err := ErlangBLoad(row.servers, loadTargets[i])
			require.NoError(t, err)
			require.Equal(t, want, digits(got, want), "%d servers, blocking %v", row.servers, loadTargets[i])
		}
	}
	// Two tables printed elsewhere: 10 channels at 0.1 % carry 3.1 erlangs,
	// 15 lines at 1 % carry 8.108.
	ten, err := ErlangBLoad(10, 0.001)
	require.NoError(t, err)
	require.Equal(t, "3.1", digits(ten, "3.1"))
	fifteen, err := ErlangBLoad(15, 0.01)
	require.NoError(t, err)
	require.Equal(t, "8.108", digits(fifteen, "8.108"))
	blocking, err := ErlangB(15, 8.108)
	require.NoError(t, err)
	require.Equal(t, "0.0099996", digits(blocking, "0.0099996"))
}

func TestErlangBLoadEdges(t *testing.T) {
	for _, servers := range []int{1, 7, 1000, 1_000_000, Max} {
		for _, blocking := range []float64{0, 1e-9, 0.5, 0.999999} {
			load, err := ErlangBLoad(servers, blocking)
			require.NoError(t, err)
			back, err := ErlangB(servers, load)
			require.NoError(t, err)
			if blocking > 0 {
				require.InEpsilon(t, blocking, back, 1e-5)
			} else {
				require.Less(t, back, 1e-290)
			}
		}
	}
}

func TestErlangCTable(t *testing.T) {
	for _, row := range erlangCTable {
		got, err := ErlangC(row.servers, row.load)
		require.NoError(t, err)
		require.Equal(t, row.waiting, digits(got.Waiting, row.waiting), "%+v", row)
		require.Equal(t, row.wait, digits(got.MeanWait, row.wait), "%+v", row)
		require.Equal(t, row.queue, digits(got.MeanQueue, row.queue), "%+v", row)
	}
}

func TestErlangCWithoutSteadyState(t *testing.T) {
	for _, load := range []float64{10, math.Nextafter(10, 11), 11, 1e300} {
		_, err := ErlangC(10, load)
		require.ErrorIs(t, err, ErrNoSteadyState)
		require.NotErrorIs(t, err, ErrArgument)
		require.ErrorContains(t, err, fmt.Sprintf("load is %v; want below the number of servers, 10", load))
	}
}

func TestMMcKTable(t *testing.T) {
	for _, row := range mmckTable {
		got, err := MMcK(row.servers, row.places, row.load)
		require.NoError(t, err)
		for _, pair := range []struct {
			got  float64
			want string
		}{{got.Blocking, row.blocking}, {got.MeanQueue, row.queue}, {got.MeanSystem, row.system}, {got.MeanWait, row.wait}, {got.Waiting, row.waiting}} {
			require.Equal(t, pair.want, digits(pair.got, pair.want), "%+v", row)
		}
	}
}

func TestEngsetTable(t *testing.T) {
	for _, row := range engsetTable {
		got, err := Engset(row.sources, row.servers, row.load)
		require.NoError(t, err)
		require.Equal(t, row.time, digits(got.TimeCongestion, row.time), "%+v", row)
		require.Equal(t, row.call, digits(got.CallCongestion, row.call), "%+v", row)
		require.Equal(t, row.carried, digits(got.Carried, row.carried), "%+v", row)
	}
	exact, err := Engset(11, 10, 1)
	require.NoError(t, err)
	require.InEpsilon(t, math.Ldexp(1, -10), exact.CallCongestion, 1e-15)
}

// rat is the exact value of a float.
func rat(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }

// states gives the exact stationary probabilities of a birth-death process
// with as many births per mean service time as up(n) in state n, by their
// definition.
func states(last, servers int, up func(n int) *big.Rat) []*big.Rat {
	weights := []*big.Rat{big.NewRat(1, 1)}
	total := big.NewRat(1, 1)
	for n := 1; n <= last; n++ {
		w := new(big.Rat).Mul(weights[n-1], up(n-1))
		w.Quo(w, big.NewRat(int64(min(n, servers)), 1))
		weights = append(weights, w)
		total = new(big.Rat).Add(total, w)
	}
	for _, w := range weights {
		w.Quo(w, total)
	}
	return weights
}

func slowErlangB(servers int, load *big.Rat) *big.Rat {
	p := states(servers, max(servers, 1), func(int) *big.Rat { return load })
	return p[servers]
}

func slowMMcK(servers, places int, load *big.Rat) (blocking, waiting, wait, queue, system *big.Rat) {
	p := states(places, servers, func(int) *big.Rat { return load })
	blocking, waiting, queue, system = p[places], new(big.Rat), new(big.Rat), new(big.Rat)
	for n := range p {
		system.Add(system, new(big.Rat).Mul(p[n], big.NewRat(int64(n), 1)))
		queue.Add(queue, new(big.Rat).Mul(p[n], big.NewRat(int64(max(0, n-servers)), 1)))
		if n >= servers && n < places {
			waiting.Add(waiting, p[n])
		}
	}
	admitted := new(big.Rat).Sub(big.NewRat(1, 1), blocking)
	waiting.Quo(waiting, admitted)
	wait = new(big.Rat).Quo(queue, new(big.Rat).Mul(admitted, load))
	return blocking, waiting, wait, queue, system
}

func slowEngset(sources, servers int, load *big.Rat) (time, call, carried *big.Rat) {
	congestion := func(sources int) (full, mean *big.Rat) {
		last := min(sources, servers)
		p := states(last, max(last, 1), func(n int) *big.Rat {
			return new(big.Rat).Mul(load, big.NewRat(int64(sources-n), 1))
		})
		mean = new(big.Rat)
		for n := range p {
			mean.Add(mean, new(big.Rat).Mul(p[n], big.NewRat(int64(n), 1)))
		}
		if sources < servers {
			return new(big.Rat), mean
		}
		return p[servers], mean
	}
	time, carried = congestion(sources)
	call, _ = congestion(sources - 1)
	return time, call, carried
}

// closeTo compares with an exact value, relatively; values no float can hold
// count as 0.
func closeTo(t *testing.T, want *big.Rat, got float64, what string, args ...any) {
	t.Helper()
	exact, _ := want.Float64()
	if exact < 1e-290 {
		require.InDelta(t, exact, got, 1e-290, what, args)
		return
	}
	require.InEpsilon(t, exact, got, 1e-11, what, args)
}

func TestAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		servers := 1 + r.IntN(40)
		places := servers + r.IntN(40)
		sources := 1 + r.IntN(60)
		load := math.Exp(r.Float64()*16 - 8)
		checkDefinition(t, servers, places, sources, load)
	}
	for _, load := range []float64{1e-12, 1, 3, 1e12} { // exact ties and extremes
		checkDefinition(t, 3, 3, 3, load)
		checkDefinition(t, 3, 9, 4, load)
		checkDefinition(t, 1, 2, 1, load)
	}
}

func checkDefinition(t *testing.T, servers, places, sources int, load float64) {
	t.Helper()
	args := []any{servers, places, sources, load}
	a := rat(load)
	b, err := ErlangB(servers, load)
	require.NoError(t, err)
	exactB := slowErlangB(servers, a)
	closeTo(t, exactB, b, "Erlang B", args...)

	finite, err := MMcK(servers, places, load)
	require.NoError(t, err)
	blocking, waiting, wait, queue, system := slowMMcK(servers, places, a)
	closeTo(t, blocking, finite.Blocking, "M/M/c/K blocking", args...)
	closeTo(t, waiting, finite.Waiting, "M/M/c/K waiting", args...)
	closeTo(t, wait, finite.MeanWait, "M/M/c/K mean wait", args...)
	closeTo(t, queue, finite.MeanQueue, "M/M/c/K queue", args...)
	closeTo(t, system, finite.MeanSystem, "M/M/c/K system", args...)

	few, err := Engset(sources, servers, load)
	require.NoError(t, err)
	time, call, carried := slowEngset(sources, servers, a)
	closeTo(t, time, few.TimeCongestion, "Engset time congestion", args...)
	closeTo(t, call, few.CallCongestion, "Engset call congestion", args...)
	closeTo(t, carried, few.Carried, "Engset carried", args...)

	if load < float64(servers) {
		delay, err := ErlangC(servers, load)
		require.NoError(t, err)
		c := big.NewRat(int64(servers), 1)
		idle := new(big.Rat).Sub(c, a)
		// C = cB / (c - a + aB)
		exactC := new(big.Rat).Quo(new(big.Rat).Mul(c, exactB), new(big.Rat).Add(idle, new(big.Rat).Mul(a, exactB)))
		closeTo(t, exactC, delay.Waiting, "Erlang C", args...)
		exactW := new(big.Rat).Quo(exactC, idle)
		closeTo(t, exactW, delay.MeanWait, "Erlang C wait", args...)
		closeTo(t, new(big.Rat).Mul(exactW, a), delay.MeanQueue, "Erlang C queue", args...)
	}
}

// TestRecursion compares with the textbook recursion where rationals are too
// slow.
func TestRecursion(t *testing.T) {
	for _, c := range []struct {
		servers int
		load    float64
	}{{1_000_000, 1_000_000}, {1_000_000, 999_000}, {1_000_000, 1_010_000}, {1_000_000, 2_000_000}, {1000, 900}} {
		slow := 1.0
		for k := 1; k <= c.servers; k++ {
			slow = c.load * slow / (float64(k) + c.load*slow)
		}
		got, err := ErlangB(c.servers, c.load)
		require.NoError(t, err)
		require.InEpsilon(t, slow, got, 1e-9, "%+v", c)
	}
}

func TestBadArguments(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		call func() error
		want string
	}{
		{"negative servers", func() error { _, err := ErlangB(-1, 1); return err }, "queueing: ErlangB: argument out of range: servers is -1; want 0 to 1000000000"},
		{"too many servers", func() error { _, err := ErlangB(Max+1, 1); return err }, "servers is 1000000001; want 0 to 1000000000"},
		{"negative load", func() error { _, err := ErlangB(1, -0.5); return err }, "load is -0.5; want 0 or more, and finite"},
		{"no load", func() error { _, err := ErlangB(1, nan); return err }, "load is NaN"},
		{"endless load", func() error { _, err := ErlangC(1, inf); return err }, "ErlangC: argument out of range: load is +Inf"},
		{"no servers", func() error { _, err := ErlangC(0, 0); return err }, "servers is 0; want 1 to"},
		{"no servers to load", func() error { _, err := ErlangBLoad(0, 0.5); return err }, "ErlangBLoad: argument out of range: servers is 0"},
		{"every arrival blocked", func() error { _, err := ErlangBLoad(1, 1); return err }, "blocking is 1; want 0 or more, and below 1"},
		{"blocking is no number", func() error { _, err := ErlangBLoad(1, nan); return err }, "blocking is NaN"},
		{"no servers, finite", func() error { _, err := MMcK(0, 1, 1); return err }, "MMcK: argument out of range: servers is 0"},
		{"fewer places than servers", func() error { _, err := MMcK(10, 9, 1); return err }, "places is 9; want 10 (the servers) to 1000000000"},
		{"negative load, finite", func() error { _, err := MMcK(1, 1, -1); return err }, "load is -1"},
		{"no sources", func() error { _, err := Engset(0, 1, 1); return err }, "Engset: argument out of range: sources is 0"},
		{"negative servers, few", func() error { _, err := Engset(1, -1, 1); return err }, "servers is -1"},
		{"endless load, few", func() error { _, err := Engset(1, 1, inf); return err }, "load is +Inf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.call()
			require.ErrorContains(t, err, c.want)
			require.ErrorIs(t, err, ErrArgument)
			var argument *ArgumentError
			require.ErrorAs(t, err, &argument)
			require.NotEmpty(t, argument.Accepted)
		})
	}
}

func TestNothingToDo(t *testing.T) {
	b, err := ErlangB(0, 0)
	require.NoError(t, err)
	require.Equal(t, 1.0, b)
	b, err = ErlangB(3, 0)
	require.NoError(t, err)
	require.Zero(t, b)
	c, err := ErlangC(3, 0)
	require.NoError(t, err)
	require.Zero(t, c)
	f, err := MMcK(3, 5, 0)
	require.NoError(t, err)
	require.Zero(t, f)
	e, err := Engset(9, 3, 0)
	require.NoError(t, err)
	require.Zero(t, e)
	e, err = Engset(9, 0, 1)
	require.NoError(t, err)
	require.Equal(t, FinitePopulation{TimeCongestion: 1, CallCongestion: 1}, e)
}

// FuzzRange: for all arguments the result is an error or in its range.
func FuzzRange(f *testing.F) {
	f.Add(10, 5, 10, 7.0)
	f.Add(1_000_000, 0, 2_000_000, 1e6)
	f.Add(1, 1, 1, 5e-324)
	f.Add(3, 1, 9, math.MaxFloat64)
	f.Add(2000, 2000, 2001, 1.0)
	f.Add(0, -1, 0, -1.0)
	f.Fuzz(func(t *testing.T, servers, room, sources int, load float64) {
		servers, room, sources = servers%2_000_000, room%20_000, sources%2_000_000
		probability := func(v float64, what string) {
			require.GreaterOrEqual(t, v, 0.0, what)
			require.LessOrEqual(t, v, 1+1e-12, what)
		}
		finite := func(v float64, what string) {
			require.GreaterOrEqual(t, v, 0.0, what)
			require.False(t, math.IsInf(v, 0), what)
		}
		if b, err := ErlangB(servers, load); err == nil {
			probability(b, "Erlang B")
			if servers < Max {
				more, err := ErlangB(servers+1, load)
				require.NoError(t, err)
				require.LessOrEqual(t, more, b*(1+1e-9), "one server more refuses more")
			}
		}
		if c, err := ErlangC(servers, load); err == nil {
			probability(c.Waiting, "Erlang C")
			finite(c.MeanWait, "wait")
			finite(c.MeanQueue, "queue")
		}
		if q, err := MMcK(servers, servers+room, load); err == nil {
			probability(q.Blocking, "M/M/c/K blocking")
			probability(q.Waiting, "M/M/c/K waiting")
			finite(q.MeanWait, "M/M/c/K wait")
			require.LessOrEqual(t, q.MeanQueue, float64(room)*(1+1e-9))
			require.LessOrEqual(t, q.MeanSystem, float64(servers+room)*(1+1e-9))
			finite(q.MeanSystem, "M/M/c/K system")
		}
		if e, err := Engset(sources, servers, load); err == nil {
			probability(e.TimeCongestion, "time congestion")
			probability(e.CallCongestion, "call congestion")
			require.LessOrEqual(t, e.CallCongestion, e.TimeCongestion*(1+1e-9))
			finite(e.Carried, "carried")
			require.LessOrEqual(t, e.Carried, float64(min(sources, servers))*(1+1e-9))
		}
	})
}

func BenchmarkErlangB(b *testing.B) {
	for _, c := range []struct {
		name    string
		servers int
		load    float64
	}{{"10", 10, 7}, {"1e6", 1_000_000, 999_000}} {
		b.Run("sum/"+c.name, func(b *testing.B) {
			for b.Loop() {
				_, _ = ErlangB(c.servers, c.load)
			}
		})
		b.Run("recursion/"+c.name, func(b *testing.B) {
			for b.Loop() {
				slow := 1.0
				for k := 1; k <= c.servers; k++ {
					slow = c.load * slow / (float64(k) + c.load*slow)
				}
				if slow < 0 {
					b.Fatal("negative")
				}
			}
		})
	}
}
