# Begins the count, unless the volume has one from an earlier life.
rm -rf /data/lock
[ -s /data/visits ] || echo 0 >/data/visits
echo "the store holds $(cat /data/visits) visits"
