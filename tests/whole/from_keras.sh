#!/bin/sh
# Tutorial 6 shows what Keras printed; the program must print the same: from_keras.sh PROGRAM ARGS…
said=$("$@") || exit 1
failed=0
while read -r line; do
    echo "$said" | grep -qxF "$line" || { echo "'$line' is missing in: $said" >&2; failed=1; }
done <<END
as it came from Keras: loss 0.8775, accuracy 0.886
the first: 0.0388 0.1173 0.0053 0.0164 0.6613 0.0187 0.0829 0.0099 0.0380 0.0113
END
exit $failed
