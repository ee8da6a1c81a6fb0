// Keeps the live parts of the page up to date. An event says that something has
// changed, and the page of the server says how it looks now.
const source = document.querySelector("[data-events]");
let busy = false, again = false;

async function refresh() {
	if (busy) { again = true; return; }
	busy = true;
	try {
		const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
		if (!answer.ok) throw new Error(answer.statusText);
		const now = new DOMParser().parseFromString(await answer.text(), "text/html");
		for (const part of document.querySelectorAll("[data-live]")) {
			const next = now.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
			if (next && next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
		}
	} catch {
		// The next event or the next interval tries again.
	}
	setTimeout(() => {
		busy = false;
		if (again) { again = false; refresh(); }
	}, 200);
}

if (source) {
	const events = new EventSource(source.dataset.events);
	events.onopen = events.onmessage = refresh;
	setInterval(() => { if (!document.hidden) refresh(); }, 10000);
}

for (const address of document.querySelectorAll("[data-copy]")) {
	const button = document.createElement("button");
	button.type = "button";
	button.className = "copy quiet";
	button.textContent = "Copy";
	button.setAttribute("aria-label", `Copy ${address.textContent}`);
	button.addEventListener("click", async () => {
		try {
			await navigator.clipboard.writeText(address.textContent);
			button.textContent = "Copied";
		} catch {
			getSelection().selectAllChildren(address);
		}
		setTimeout(() => { button.textContent = "Copy"; }, 1500);
	});
	(address.closest("a") ?? address).after(" ", button);
}
