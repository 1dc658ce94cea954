#!/usr/bin/env bash
# The Python packages of envs/astro.yaml, made by `make lock`. Do not edit: see envs/rooms.yaml.
set -euo pipefail
export PYTHONNOUSERSITE=1
python="$CONDA_PREFIX/bin/python"

install() {
	"$python" -m pip install --quiet --no-deps --no-build-isolation --require-hashes \
		-r /dev/stdin "$@"
}

install <<'REQUIREMENTS'
astropy==8.0.2 \
    --hash=sha256:000d6998bcf4f097257b3776f29f1dafde0967bf1b091edbad95df564eee4eea
astropy-healpix==2.0.1 \
    --hash=sha256:c092c54124c48f8d98e04fb22f4b2aa4c8675e65d81c351523f41377f9a6df22
astropy-iers-data==0.2026.11.2.0.34.55 \
    --hash=sha256:785cd5bc193d9206316bd7c786fe0647e212ebf017cd861beabedd91cbe585bf
click==8.5.1 \
    --hash=sha256:8bb5376d2006950386f8c6427613334a2acadc5f559cb80e638d00b4df957e37
cloudpickle==3.1.2 \
    --hash=sha256:9acb47f6afd73f60dc1df93bb801b472f05ff42fa6c84167d25cb206be1fbf4a
dask==2026.8.0 \
    --hash=sha256:ccc0c83a189b0398602435189771d28dad7b5773b6089bb8dce14ae732dd782c
dask-image==2026.5.0 \
    --hash=sha256:acf86cd7f0f1e97804198d30b7cc931efd29f9dec86c65ec004b50405c3f5227
donfig==0.8.1.post1 \
    --hash=sha256:2a3175ce74a06109ff9307d90a230f81215cbac9a751f4d1c6194644b8204f9d
fitsio==1.4.2 \
    --hash=sha256:70a027fc6d1777eb828b92278e8b7c22d0bdf170bd9a351f209443433fbdbe14
fsspec==2026.9.0 \
    --hash=sha256:8dd6e646e99ea382bd85f97a45e6b526a442d79423a7dc673f1e2756d05fcb5f
future==1.0.0 \
    --hash=sha256:929292d34f5872e70396626ef385ec22355a1fae8ad29e1a734c3e43f9fbc216
galsim==2.8.5 \
    --hash=sha256:5925b40f9f63c68acb7e86af9271eb1a718f7658bdd46084f07ec0a4209cfe08
google-crc32c==1.9.0 \
    --hash=sha256:86764b99e7a607830d93cb5b75e0ec3ff6cb06d3c274624418473cee701900d4
h5py==3.16.0 \
    --hash=sha256:fb1720028d99040792bb2fb31facb8da44a6f29df7697e0b84f0d79aff2e9bd3
imageio==2.38.1 \
    --hash=sha256:36d23eb7423d2fb63f637098758edb3d2df3687f7125e0a5ce8596572022dcf9
importlib-metadata==10.2.0 \
    --hash=sha256:c7a4bf1c7479601f6b8e437cfc14f4f77028ba62a8f34ae95cd93d9774dfba51
lazy-importer==0.1.0 \
    --hash=sha256:bd93fab7bef18e842eea02b839410954d37889140dc64ca4d9680aec6880c739
locket==1.0.0 \
    --hash=sha256:b6c819a722f7b6bd955b80781788e4a66a55628b858d347536b7e81325a3a5e3
lsstdesc-coord==1.3.1 \
    --hash=sha256:06afe1621ef5da89f51e1225b1016f9ab640f6eb955bbab1231d60342e536336
numcodecs==0.16.6 \
    --hash=sha256:b271f5d7ebe079b0c2914cad256153d92b3a271de534c3d4220692e82daf870d
numpy==2.4.6 \
    --hash=sha256:89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93
packaging==25.0 \
    --hash=sha256:29572ef2b1f17581046b3a2227d5c611fb25ec70ca1ba8554b24b0e69331a484
pandas==3.1.1 \
    --hash=sha256:4f1602f614bb83f443381dbcbb94c4ac764b2e50c8d6c965614c5cd83e328c47
partd==1.4.2 \
    --hash=sha256:978e4ac767ec4ba5b86c6eaa52e5a2a3bc748a2ca839e8cc798f1cc6ce6efb0f
photutils==3.0.0 \
    --hash=sha256:6e0ccb7361144f8f220c8d852c01678661bc7ed5a1e1378b39c8bf78a479efc4
pillow==13.0.0 \
    --hash=sha256:a625df9a2a5597fa5e5266e01aefc82604bb85d291e3547981e863560d75da6c
pims==0.7 \
    --hash=sha256:55907a4c301256086d2aa4e34a5361b9109f24e375c2071e1117b9491e82946b
pyarrow==26.0.1 \
    --hash=sha256:39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c
pyavm==0.9.9 \
    --hash=sha256:8bba0ee9645a8a9f215af9ceea67b494a6ee1fe380cebdc00ba99d781539ad76
pybind11==3.1.0 \
    --hash=sha256:b8488090f8acffbcb6b5d6a85571a6827a0a2981ffb75e5a0b27b87c4a6b7dd0
pyerfa==2.0.1.5 \
    --hash=sha256:0e43c7194e3242083f2350b46c09fd4bf8ba1bcc0ebd1460b98fc47fe2389906
python-dateutil==4.0.0 \
    --hash=sha256:a5e246f79eb80475e691bf93862cead98decd8a498cf53ba0516fcdc0f50dc1c
pyyaml==6.0.3 \
    --hash=sha256:b8bb0864c5a28024fac8a632c443c87c5aa6f215c0b126c449ae1a150412f31d
reproject==0.21.0 \
    --hash=sha256:8525baaca84e949a69532c02ff491c23993e3bc22a59f694af576e473f2a9d2f
safetensors==0.8.0 \
    --hash=sha256:fd6f3f93c9a0a7cc2788ee63fb763353d4bd2e89b0751bc78fcf7dda00bea774
scipy==1.17.1 \
    --hash=sha256:43af8d1f3bea642559019edfe64e9b11192a8978efbd1539d7bc2aaa23d92de4
sep==1.4.1 \
    --hash=sha256:b9907b5952b3df7f2d2027cd3fa40c0db329e2a267a799e1db25dd5f04417704
slicerator==1.1.0 \
    --hash=sha256:167668d48c6d3a5ba0bd3d54b2688e81ee267dc20aef299e547d711e6f3c441a
tifffile==2026.3.3 \
    --hash=sha256:e8be15c94273113d31ecb7aa3a39822189dd11c4967e3cc88c178f1ad2fd1170
toolz==1.2.0 \
    --hash=sha256:890f820b1cb8152785aaf9386d8707770110809035800985ca65cb24ce1120ef
typing-extensions==4.16.0 \
    --hash=sha256:481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8
tzdata==2026.6 \
    --hash=sha256:0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec
zarr==3.1.6 \
    --hash=sha256:b5a82c5079d1c3d4ee8f06746fa3b9a98a7d804300fa3f4be154362a33e1207e
zipp==4.1.2 \
    --hash=sha256:b30cb6cd253122169c47de245ca24a86bac2a5d3802ba15bf7ba6414eb9e144d
REQUIREMENTS

"$python" -m pip check
