#!/usr/bin/env bash
# The Python packages of envs/report.yaml, made by `make lock`. Do not edit: see envs/rooms.yaml.
set -euo pipefail
export PYTHONNOUSERSITE=1
python="$CONDA_PREFIX/bin/python"

install() {
	"$python" -m pip install --quiet --no-deps --no-build-isolation --require-hashes \
		-r /dev/stdin "$@"
}

install <<'REQUIREMENTS'
docutils==0.22.4 \
    --hash=sha256:d0013f540772d1420576855455d050a2180186c91c15779301ac2ccb3eeb68de
numpy==2.4.6 \
    --hash=sha256:89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93
pandas==3.1.1 \
    --hash=sha256:4f1602f614bb83f443381dbcbb94c4ac764b2e50c8d6c965614c5cd83e328c47
pyarrow==26.0.1 \
    --hash=sha256:39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c
python-dateutil==4.0.0 \
    --hash=sha256:a5e246f79eb80475e691bf93862cead98decd8a498cf53ba0516fcdc0f50dc1c
safetensors==0.8.0 \
    --hash=sha256:fd6f3f93c9a0a7cc2788ee63fb763353d4bd2e89b0751bc78fcf7dda00bea774
typst==0.15.0 \
    --hash=sha256:8f33d98451bab132a612b98ffc8d1830c97a076ea3f3fde11f6ff7ab9bcae89c
tzdata==2026.6 \
    --hash=sha256:0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec
REQUIREMENTS

"$python" -m pip check
