// SPDX-License-Identifier: AGPL-3.0-or-later
// Small helps. Everything works without them.
"use strict";

// What is being written survives a closed page, on this device and until it is sent.
for (const form of document.querySelectorAll("form[data-draft]")) {
	const text = form.querySelector("textarea");
	const key = "draft:" + form.dataset.draft;
	const store = window.sessionStorage;

	if (text.value === "")
		text.value = store.getItem(key) || "";
	text.addEventListener("input", () => store.setItem(key, text.value));
	form.addEventListener("submit", (event) => {
		if (event.submitter && event.submitter.name === "send")
			store.removeItem(key);
	});
}

// A form is sent once, however often the button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
	form.addEventListener("submit", (event) => {
		if (form.dataset.sent)
			event.preventDefault();
		form.dataset.sent = "yes";
	});
}
window.addEventListener("pageshow", () => {
	for (const form of document.querySelectorAll("form[data-sent]"))
		delete form.dataset.sent;
});

// On paper nothing is folded.
window.addEventListener("beforeprint", () => {
	for (const fold of document.querySelectorAll("details:not([open])")) {
		fold.dataset.folded = "yes";
		fold.open = true;
	}
});
window.addEventListener("afterprint", () => {
	for (const fold of document.querySelectorAll("details[data-folded]")) {
		delete fold.dataset.folded;
		fold.open = false;
	}
});
