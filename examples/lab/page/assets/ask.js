// Enter searches, Shift and Enter begin a new line.
addEventListener("keydown", event => {
	if (event.target.id === "q" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
		event.preventDefault();
		event.target.form.requestSubmit();
	}
});
