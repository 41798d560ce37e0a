# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lines that people type, for each kind of media and each way to receive it."""
from dataclasses import dataclass

FRAME_RATE = 30

# Noise at a fixed quantizer: key frames are about as large as the others, so bytes measure how much time arrived.
_PICTURE = ("videotestsrc is-live=true pattern=snow "
            f"! video/x-raw,format=I420,width=160,height=120,framerate={FRAME_RATE}/1")
_VP8 = f"{_PICTURE} ! vp8enc deadline=1 min-quantizer=56 max-quantizer=56 keyframe-max-dist=250 ! rtpvp8pay"
_OPUS = "audiotestsrc is-live=true ! audioconvert ! opusenc ! rtpopuspay"
_H264 = f"{_PICTURE} ! x264enc tune=zerolatency speed-preset=ultrafast pass=quant quantizer=44 key-int-max=250"
_TS = f"{_H264} ! mpegtsmux alignment=7"


@dataclass(frozen=True)
class Media:
    name: str
    flows: tuple[str, ...]  # what goes into the icesink of each stream
    video: tuple[bool, ...]  # is that video?
    rtp: bool = True
    needs: tuple[str, ...] = ()

    def sender(self, room: str) -> str:
        flows = [f"{flow} ! icesink stream={stream}" + (f" rendezvous={room}" if stream == 0 else "")
                 for stream, flow in enumerate(self.flows)]
        return "gst-launch-1.0 " + "   ".join(flows)

    @property
    def audio(self) -> bool:
        return not all(self.video)


MEDIA = {media.name: media for media in (
    Media("VP8", (_VP8,), (True,), needs=("vp8enc", "vp8dec")),
    Media("VP8 and Opus", (_VP8, _OPUS), (True, False), needs=("vp8enc", "opusenc", "vp8dec", "opusdec")),
    Media("H.264", (f"{_H264} ! rtph264pay",), (True,), needs=("x264enc",)),
    Media("MPEG-TS", (_TS,), (True,), rtp=False, needs=("x264enc", "mpegtsmux", "tsdemux")),
    Media("MPEG-TS in RTP", (f"{_TS} ! rtpmp2tpay",), (True,), needs=("x264enc", "mpegtsmux", "tsdemux")),
)}

_SINK = "fakesink sync=true"


def icesrc(media: Media, ws: str, _ice: str) -> str:
    buffer = "rtpjitterbuffer ! " if media.rtp else ""
    chains = [f"icesrc stream={stream}{f' rendezvous={ws}' if stream == 0 else ''} ! {buffer}decodebin ! {_SINK}"
              for stream, _ in enumerate(media.flows)]
    return "gst-launch-1.0 " + "   ".join(chains)


def uridecodebin(media: Media, _ws: str, ice: str) -> str:
    line = f"gst-launch-1.0 uridecodebin uri={ice} name=play   play. ! video/x-raw ! queue ! {_SINK}"
    return line + (f"   play. ! audio/x-raw ! queue ! {_SINK}" if media.audio else "")


def playbin(_media: Media, _ws: str, ice: str) -> str:
    return f"gst-launch-1.0 playbin uri={ice} 'video-sink={_SINK}' 'audio-sink={_SINK}'"


def gst_play(_media: Media, _ws: str, ice: str) -> str:
    return f"gst-play-1.0 --no-interactive '--videosink={_SINK}' '--audiosink={_SINK}' {ice}"


RECEIVERS = {"icesrc": icesrc, "uridecodebin": uridecodebin, "playbin": playbin, "gst-play-1.0": gst_play}
