// Shows the pages without a server: a WebAssembly program renders what a server would.
const main = document.querySelector("main");
let pictures = [];

function pageOf(url) {
	const name = url.pathname.split("/").pop();
	return name === "" || name === "index.html" ? "search" : name === "forecast.html" ? "forecast" : "";
}

function show() {
	const name = pageOf(location);
	const { title, main: text } = winlimits.render(name, location.search.slice(1));
	// A document of DOMParser loads nothing, so the pictures get their addresses in time.
	const next = new DOMParser().parseFromString(text, "text/html");
	pictures.forEach(URL.revokeObjectURL);
	pictures = [];
	for (const img of next.querySelectorAll("img[src^='forecast.svg?']")) {
		const svg = winlimits.picture(img.getAttribute("src").split("?")[1]);
		const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
		pictures.push(address);
		img.src = address;
		img.closest("a").href = address;
	}
	document.title = title;
	main.replaceChildren(...next.body.childNodes);
	for (const link of document.querySelectorAll("nav a")) {
		link.toggleAttribute("aria-current", pageOf(link) === name);
		if (pageOf(link) === name) link.setAttribute("aria-current", "page");
	}
}

function go(url) {
	history.pushState(null, "", url);
	show();
	scrollTo(0, 0);
	main.focus();
}

function start() {
	show();
	addEventListener("popstate", show);
	addEventListener("submit", event => {
		event.preventDefault();
		const url = new URL(event.target.getAttribute("action"), location.href);
		url.search = new URLSearchParams(new FormData(event.target)).toString();
		go(url);
	});
	addEventListener("click", event => {
		const link = event.target.closest("a[href]");
		if (!link || link.origin !== location.origin || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target) return;
		if (link.protocol === "blob:" || link.getAttribute("href").startsWith("#") || !pageOf(link)) return;
		event.preventDefault();
		go(link.href);
	});
}

addEventListener("winlimits", start, { once: true });
(async () => {
	try {
		const program = new Go();
		const answer = await fetch("winlimits.wasm");
		if (!answer.ok) throw new Error(answer.statusText);
		const { instance } = answer.headers.get("Content-Type") === "application/wasm"
			? await WebAssembly.instantiateStreaming(answer, program.importObject)
			: await WebAssembly.instantiate(await answer.arrayBuffer(), program.importObject);
		await program.run(instance);
	} catch (error) {
		main.querySelector("[role=status]").textContent = `The table cannot be loaded: ${error.message}.`;
	}
})();
