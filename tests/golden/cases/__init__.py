"""Cases by family. `layer(text, *inputs, …)` names itself by its text."""


def layer(text, *inputs, **more):
    words = "".join(f" {k}={v}" for k, v in more.items() if k in ("training",))
    shapes = " ".join(str(i).replace(" ", "") for i in inputs)
    extra = " mask" if "mask" in more else ""
    extra += " states" if "states" in more else ""
    for k in ("masks", "attention_mask"):
        extra += f" {k}={more[k]}".replace(" ", "").replace(k, " " + k) if k in more else ""
    extra += "".join(f" {flag}" for flag in more.get("call", []))
    extra += " empty" if "empty" in more else ""
    return {"name": f"{text} {shapes}{words}{extra}".replace("\n", " "), "layer": text,
            "inputs": list(inputs), **more}
