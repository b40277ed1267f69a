"""Portuguese, of Brazil and of Portugal."""

from bot.core.wording.grammar import Page

PAGE = Page(
    language="pt",
    words={
        "stop": (
            "parar pare parem para pára parae para_ai para_aí deix{e,em,a,ar}_de chega_de chega basta_de "
            "basta cess{ar,e,em} cessem suspend{er,a,am} interromp{er,a,am} encerr{ar,e,em} podem_parar "
            "pode_parar dá_pra_parar da_pra_parar parem_já stopp stahp pfv_parem acabem_com acaba_com "
            "deixem-se_de para_com pare_com parem_com já_chega ja_chega façam_parar faça_parar parm_de"
        ),
        "thing": (
            "isso isto nada essas esses estas estes tudo esse essa este coisas nada_disso disso porcaria"
        ),
        "contact": (
            "incomod{ar,e,em,es,ando} perturb{ar,e,em,es,ando} contact{ar,e,em,es,ando} "
            "contat{ar,e,em,ando} escrev{er,a,am,as,endo} cham{ar,em} importun{ar,e,em,ando} "
            "chate{ar,iem,ie,ando} encher encher_o_saco encham_o_saco enche_o_saco entr{ar,e,em}_em_contato "
            "entr{ar,e,em}_em_contacto entr{e,em}_mais_em_contat{o,e} entr{e,em}_mais_em_contacto "
            "mensageiem torrar torrem me_encher_o_saco contactem-me escrever-me contactar-me incomodar-me "
            "contatem me_procurem procurem spamar telefonar telefonem assedi{ar,em} contatarem contatassem "
            "contactassem incomodassem"
        ),
        "call": "lig{ar,ue,uem,ues,ando} ligar-me ligue-me telefonar telefonem",
        "send": (
            "mand{ar,a,e,em,es,ando} envi{ar,a,e,em,es,ando} mandar-me enviar-me mandem-me enviem-me "
            "enviar-nos o_envio_de o_envio envio envios o_recebimento_de o_recebimento recebimento disparar "
            "encaminh{ar,e,em} envie-me os_envios voltem_a_{mandar,enviar} volte_a_{mandar,enviar} "
            "continuarem_mandando continuarem_a_enviar continua_chegando continuam_chegando mandassem "
            "enviassem mandarem enviarem mndar"
        ),
        "message": (
            "mensagem mensagens msg{,s} mensage{,ns} msgm sms spam propaganda{,s} publicidade promo{,s} "
            "promoção promoções promocao promocoes torpedo{,s} notificação notificações notificacoes "
            "aviso{,s} anúncio{,s} anuncios alertas newsletter marketing comunicações mensagenzinha "
            "mensagem_de_texto comunicação mensagens_de_texto mensangem mensagems mgs zap"
        ),
        "content": (
            "oferta{,s} cupom cupons cupão cupões descontos ofertas links emails informação informações "
            "novidades"
        ),
        "me": "me nos a_mim pra_mim para_mim comigo esse_número este_número pra_esse_número meu_celular mi",
        "number": (
            "número numero numeros telefone celular telemóvel telemovel contato contacto fone tel dados cel "
            "whatsapp nome esse_número este_número meu_celular"
        ),
        "list": (
            "lista listas cadastro base_de_dados base banco_de_dados sistema contatos contactos registro "
            "registos mailing grupo lista_de_contatos lista_de_contactos lista_de_envio "
            "lista_de_transmissão daí dai daqui disso lista_de_mensagens agenda vossa_lista"
        ),
        "remove": (
            "remov{er,a,am,e}{,-me} tir{ar,a,e,em}{,-me} retir{ar,a,e,em,em-me,e-me} "
            "apag{ar,a,ue,uem}{,-me} exclu{ir,a,am,i,am-me} delet{ar,a,e,em}{,-me} elimin{ar,a,e,em}{,-me} "
            "esque{ça,çam,ce,cer} perc{a,am} risc{ar,a,uem} remoção_do remova-me retirem-me limpem removido "
            "removida exclusão_do retirassem retirasse tirassem bloque{iem,ar,ia} removessem exclusão "
            "exclusão_dos desliguem saia saiam suma tirarem retirarem removerem"
        ),
        "cancel": (
            "cancel{ar,a,e,em,o,amento_do,amento_de,amento_das} anul{ar,a,e,em} encerr{ar,e,em} "
            "desativ{ar,e,em} suspend{er,am} rescindir deslig{uem,ue,ar,a} desativ{em,e,ar} silenciem"
        ),
        "subscription": (
            "inscrição inscricao assinatura subscrição subscricao cadastro recebimento envio o_envio "
            "o_recebimento envios serviço_de_mensagens serviço_de_sms adesão"
        ),
        "unsub": (
            "descadastr{ar,a,e,em,o,ar-me,e-me} desinscrev{er,a,am,er-me,o} desinscrição "
            "desubscrev{er,am,er-me} descadastramento me_descadastr{e,a,em,ar} me_desinscrev{a,er,am} "
            "cancelar_inscrição descadastre_me sair_da_lista sair_dessa_lista sair_desta_lista "
            "sair_do_grupo desassinar desassine desassinem descadatrar desregist{ar,em} desvincul{ar,em} "
            "dar_baixa_no_meu desaderir sair_disso sair_daqui sair_dessa sair_da_vossa_lista "
            "anular_a_subscrição me_desvincul{e,em} dessubscrever me_tira_dessa saio_disso saio_daqui"
        ),
        "not": (
            "não nao n ñ num nunca nunca_mais jamais não_me nao_me n_me que_não não_quero_que nem "
            "nunca_mais_me não_nos já_não ja_nao não_vos não_tornem_a naum nunca_autorizei"
        ),
        "none": "chega_de sem sem_mais não_mais nao_mais basta_de nada_de nenhuma nenhum zero chega basta",
        "want": (
            "quero queremos desejo desejamos pretendo gostaria queria preciso aceito autorizo pedi solicito "
            "consinto tenho_interesse_em tenho_mais_interesse_em interessa quis gostava tenho_interesse "
            "mais_interesse_em mais_quero to_afim_de estou_interessado_em estou_interessada_em autorizei"
        ),
        "receive": (
            "receber recebendo ver ter saber saber_de recebê-las recebe-las ser_contactado ser_contatado "
            "que_me_mandem que_mandem que_me_enviem continuar_a_receber continuar_recebendo a_receber ler"
        ),
        "again": "mais nunca_mais já agora jamais novamente de_novo pra_cá nunca outra_vez",
        "stranger": (
            "número_errado numero_errado número_trocado engano pessoa_errada telefone_errado quem_é quem_e "
            "quem_fala vocês_erraram é_engano se_enganaram enganou-se no_número não_conheço aqui_não_tem "
            "não_tem_nenhum não_sou_eu se_enganou vocês_se_enganaram enganaram-se não_mora_aqui "
            "se_enganou_de enganou_de_número se_enganou_no"
        ),
        "i_am_not": (
            "não_sou nao_sou esse_nao_e_o_numero aqui_não_é não_é_a não_é_o esse_não_é_o_número não_me_chamo"
        ),
        "complaint": (
            "não_tenho_interesse nao_tenho_interesse sem_interesse não_me_interessa nao_me_interessa "
            "não_estou_interessado não_estou_interessada nunca_me_inscrevi não_me_inscrevi "
            "nunca_me_cadastrei assédio saco não_me_cadastrei nunca_me_registei não_me_registei "
            "nunca_autorizei não_autorizei nunca_pedi não_pedi_isso não_pedi nunca_dei_meu nunca_dei_o_meu "
            "não_dei_meu não_subscrevi nunca_subscrevi não_assinei nunca_assinei não_fiz_cadastro "
            "nunca_fiz_cadastro"
        ),
        "consent": "consentimento autorização autorizacao permissão permissao",
        "revoke": "revogo revogar retiro retirar cancelo anulo",
        "begone": (
            "deix{e,em,a}{-me,-nos}_em_paz me_deix{e,em,a}_em_paz deixa_eu_em_paz em_paz larguem_do_meu_pé "
            "larga_do_meu_pé me_larga me_larguem larguem-me deslarguem-me me_esquece me_esqueçam "
            "esqueçam-me me_erra me_errem some_daqui sumam_daqui vê_se_me_erra"
        ),
        "too_many": "demais muita muitas tantas muitos excesso_de um_monte_de tanta demasiadas demasiados",
        "fewer": "menos não_tantas",
        "block": (
            "vou_bloquear bloquear_vocês vou_denunciar denunciar_vocês vos_bloquear bloqueando_vocês "
            "vou_te_bloquear denunciar reclamar_na_anatel procon processar_vocês denunciar_na"
        ),
        "account": "conta perfil",
        "only": "só so somente apenas",
        "why": "por_que porque por_quê porquê pq",
        "source": (
            "passou_meu conseguiram_meu arranjaram_meu arranjaram_o_meu pegaram_meu tem_meu têm_meu deu_meu "
            "têm_o_meu acharam_meu arrumaram_meu obtiveram_o_meu obtiveram_meu conseguiu_meu "
            "conseguiram_o_meu"
        ),
        "enough": "chega basta já_deu ja_deu",
        "small": (
            "a o as os um uma uns umas de do da dos das em dessa desta desse deste nessa nesta no na nos "
            "nas seu sua seus suas teu tua vossa vosso vossas vossos meu minha meus minhas esse essa esses "
            "essas este esta estes estas com por pra pro para mais já que me lhe te vocês voces vcs vc você "
            "mesmo qualquer tipo_de nenhum nenhuma nada_de toda todo todas todos tanta tantas por_favor pfv "
            "pf porfavor favor chatas chata malditas irritantes comerciais promocionais publicitárias "
            "imediatamente ai aí lá daqui para_cá pra_cá logo agora aqui nunca de_texto por_aqui "
            "indesejadas e_de pra_esse pra_este pro_meu no_meu outra outras porra merda desgraça droga "
            "continuar continuem fiquem ficar a_receber estar sempre d retirassem utilizar usar uso ninguém "
            "desses dessas destes destas fazer_parte parte"
        ),
        "lead": (
            "por_favor pfv pfvr pf porfavor favor faz_favor se_faz_favor olá ola oi bom_dia boa_tarde "
            "boa_noite obrigado obrigada obg grato grata valeu quero queria gostaria gostava desejo preciso "
            "solicito peço peço_que solicito_que podem poderiam pode poderia dá_pra da_pra me que vocês "
            "voces vcs vc já agora imediatamente gente galera pessoal cara mano moça moço senhores já_pedi "
            "ja_pedi já_falei ja_falei já_disse já_pedi_pra já_falei_pra já_disse_para pra para eu então "
            "logo de_uma_vez urgente venho ok tá ta bem pois pelo_amor_de_deus pela_última_vez queiram "
            "queira exijo exijo_que quero_que gostaria_de tudo todas atenciosamente desde_já agradeço aí ai "
            "nao não nunca_mais porra merda caramba isso aqui hoje sff mesmo segunda_vez terceira_vez "
            "última_vez pela"
        ),
        "join": "e mas porque pq ou senão então pois que_eu se_não",
        "if": (
            "se o_que_acontece_se o_que_acontece quando parei pararam parou por_que_parou sem_querer caso "
            "alguém por_que_pararam até_quando saí por_que_não por_engano"
        ),
        "ask": (
            "como como_faço como_faço_para como_faço_pra como_posso onde onde_posso posso tem_como "
            "dá_para_eu o_que_faço_para o_que_faço_pra é_possível de_que_forma qual_a_forma_de "
            "o_que_eu_preciso_fazer_pra o_que_preciso_fazer_para o_que_tenho_que_fazer_para "
            "o_que_eu_tenho_que_fazer_pra tem_jeito_de dá_pra"
        ),
        "limit": (
            "à_noite a_noite de_noite de_madrugada madrugada depois_das depois_de antes_das antes_de até "
            "tarde tão_tarde cedo tanta tantas tantos todo_dia todos_os_dias domingo domingos aos_domingos "
            "fim_de_semana enquanto durante por_uma_semana por_um_mês exceto menos só apenas somente email "
            "e-mail emails esposa marido filho filha mãe pai irmão irmã semana semanas mês meses amanhã "
            "hoje trabalho horário diariamente com_tanta_frequência tão_cedo férias por_email noite "
            "em_inglês"
        ),
        "i_stop": "paro saio deixo_de deixo cancelo",
        "exit": "sair sai saia",
        "past": "recebi receberam mandaram enviaram esqueci parei pararam recebido encerrei",
        "subscribe": "cadastrar cadastro_novo inscrev{er,o,am} inscrever-me subscrever",
        "object": (
            "pedido cebola nota recibo pacote comida mesa queijo compra reserva item produto carrinho pizza "
            "encomenda sacola entrega boleto código codigo"
        ),
        "said": (
            "falei disse já_falei já_disse mandei já_mandei respondi já_respondi enviei já_enviei escrevi "
            "pedi digitei avisei"
        ),
        "isnt": (
            "não_é_mais já_não_é não_é_o não_é_a não_pertence não_é mudou_de_dono não_é_mais_o "
            "já_não_pertence nao_e_mais não_era"
        ),
        "gone": "faleceu morreu falecido falecida partiu_desta óbito_de veio_a_falecer",
        "who": "quem quem_é_que",
        "elsewhere": "academia ginásio netflix spotify wifi plano_de_saúde aplicativo",
        "joke": "delícia delicia para_tudo pára_tudo gostoso gostosa hummm",
        "rude": (
            "vai_se_foder vão_se_foder vai_tomar_no_cu vão_tomar_no_cu vai_à_merda vão_à_merda vai_pra_puta "
            "vão_pra_puta vai_pro_inferno vão_pro_inferno vai_te_catar vai_se_catar vão_se_catar vsf vtnc "
            "vai_te_foder vão_bugiar não_me_encham"
        ),
        "most": "não_mais_de não_mais_que não_mais_do_que no_máximo só apenas somente",
        "rate": "por_semana por_mês por_dia uma_vez_por_semana semanal semanais",
        "praise": "delícia delicia gostoso gostosa para_tudo pára_tudo",
        "permit": "autorizo autorizei permito permiti",
        "one": "um uma dois duas",
        "give": "dou dei dado",
        "tired": "cansei cansada cansado farto farta saco_cheio de_saco_cheio cheio cheia",
        "still": "continua continuam continuo ainda seguem",
        "customer": "cliente sócio sócia membro",
        "wrong": "errada",
        "miss": "perder",
        "unsubbed": "me_descadastrei descadastrei me_desinscrevi desinscrevi saí_da_lista já_saí me_removi",
        "calm": "calma calmem se_acalmem relaxem maneirem menos_aí sossega",
        "program": "programa clube",
        "quit": "desistir",
        "nth": "segunda_vez terceira_vez quarta_vez milésima_vez última_vez enésima_vez",
        "leave": "deixem deixa deixe",
        "in_peace": "em_paz sossegada sossegado",
        "nobody": "ninguém",
        "asked": "pediu queria quis autorizou deu",
        "wish": "ótimo_se agradeceria_se bom_se grato_se têm_que precisam devem",
        "end": "parassem acabem acabar terminem terminassem cessem cessassem",
        "can": "dá_pra posso tem_como tem_jeito_de",
        "switch_off": "desligar desativar silenciar",
    },
    triggers="exit i_stop complaint i_am_not enough again isnt who",
    plain=(
        "stop send",
        "complaint 'em' receive",
        "stop me? contact|send",
        "want unsub",
        "^ unsub $",
        "^ unsub please",
        "^ exit $",
        "want exit list",
        "want exit $",
        "'me' remove list",
        "'me' remove $",
        "remove me? list",
        "remove number",
        "cancel send",
        "none message again? $",
        "none thing? message",
        "not want again? thing? message",
        "not want again? send|contact",
        "not want again? 'que' ... send|contact",
        "not again? contact $",
        "not contact|send again",
        "not again? send thing? again? message|$",
        "not again? contact|call 'nem' send|contact",
        "^ not want again thing $",
        "stop again? message",
        "stop|cancel thing? send",
        "i_am_not ... stop",
        "i_am_not ... not send|contact",
        "stop 'com' ... message",
        "stranger not contact|send",
        "complaint not contact|send",
        "'pedi'|'falei'|'disse' stop",
        "not 'autorizo' contact|send|message",
        "not 'quero' 'saber' thing",
        "again message $",
        "remove ... number ... list",
        "remove ... number",
        "stop 'd' send",
        "complaint ... remove $",
        "said ... exit",
        "not want ... number",
        "'me' remove ... list",
        "revoke ... consent",
        "complaint ... stop",
    ),
    unclear=(
        "ask unsub|exit",
        "ask stop|'paro' receive|message|contact|send|thing",
        "ask 'paro' 'de' receive",
        "ask cancel message|subscription|thing|send",
        "ask 'saio'|'saímos' list|$",
        "why 'estão'|'continuam'|'ficam'|'tão'? me? send|contact",
        "why 'estou'|'recebo'|'continuo' receive|message|thing",
        "i_am_not",
        "^ enough $",
        "too_many message",
        "message too_many",
        "not contact|send thing? message? limit",
        "alone not contact|send",
        "only content",
        "^ only me? send",
        "^ 'quem' source",
        "only me? send",
        "only want message|content",
        "ask 'deixo'|'paro'|'cancelo'|'tiro'|'saio' thing? receive? thing|message",
        "ask 'deixo' 'de' receive",
        "why 'estou'|'continuo'? 'recebendo'|'recebo'|'chega'|'chegam' thing|message",
        "number isnt",
        "isnt ... number",
        "thing isnt number",
        "complaint 'em'|'nisso'|'nisto'",
        "complaint number",
        "who me? contact|send",
        "who ... number",
        "block ... 'se' ... send|contact",
        "ask i_stop receive thing? message?",
        "ask i_stop thing? message",
        "ask not again? receive again|message|thing",
        "not 'lembro' ... number",
        "stranger number",
        "remove 'ela'|'ele' list|$",
        "'deixem'|'deixa'|'deixe' ~ 'em_paz'",
    ),
    innocent=(
        "not stop|'paro'|'para'|'consigo'|'parem'",
        "'nunca' stop",
        "'sem'|'nenhuma' 'mensagem'",
        "not unsub|'saia'",
        "not 'me' unsub",
        "'parada'|'placa'|'ponto'|'já_parou'|'placa_de'|'ponto_de' stop",
        "'stop'|'pare' 'da'|'na'|'no'",
        "stop 'dois'|'duas'|'mim'|'hoje'|'amanhã'|'viagem'|'quatro'|'levar'|'com_a'|'preocupar'|'de_se'",
        "stop object",
        "not send object",
        "not send|contact 'ainda'",
        "'se'|'posso' send stop",
        "remove object|'último'|'uma'",
        "cancel object",
        "not receive",
        "not again? message|content",
        "'posso'|'saída'|'pra'|'a' 'sair'",
        "'posso'|'pode' 'sair' 'pelos'|'pela'|'pelo'",
        "'que' 'horas' unsub",
        "'sair' 'pra'|'para'",
        "'não_precisa' send",
        "'sem' 'problema'",
        "'responda'|'responder'|'envie'|'digite'|'mande' stop|exit|unsub 'para'|'e'|'pra'",
        "number isnt 'válido'|'correto'|'certo'",
        "who 'entrega'|'traz'",
        "cancel account ... object",
        "account 'da' object",
        "'encerra'|'encerrar'|'fecha' account 'da'|'do'",
        "joke stop",
        "none 'problema'",
        "'bateria'|'cachorro' gone",
        "ask 'não' receive object",
        "'celular'|'telefone' gone",
        "'meu_celular'|'meu_telefone' gone",
    ),
)
