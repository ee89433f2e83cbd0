"""Packages as they lie where they are installed."""


def install(site, name, points, files=(), version="0.1"):
    """Lay a package where `pip install --target` would, without what would have to be loaded.

    `points` are its entry points, or the bytes of the file that should hold them.
    """
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if isinstance(points, bytes):
        (info / "entry_points.txt").write_bytes(points)
        points = {}
    lines = [f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in found.items())
             for group, found in points.items()]  # fmt: skip
    if lines:
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for path, text in dict(files).items():
        (site / path).write_text(text)
    return site
